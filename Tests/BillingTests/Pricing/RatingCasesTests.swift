import Billing
import Foundation
import Testing

@Suite struct RatingCasesTests {
  private struct CaseFile: Decodable {
    var cases: [RatingCase]
  }

  private struct Exception: Decodable {
    var id: String
    var reason: String
  }

  private static let tests = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent()
  private static let exceptionFile = tests.appendingPathComponent("rating-exceptions.json")
  private static let caseFile = tests.appendingPathComponent(
    "../../../shared/data/rating_cases.json")
  private static let hasCases = FileManager.default.fileExists(atPath: caseFile.path)

  @Test(.enabled(if: hasCases, "../shared/data/rating_cases.json is not beside the checkout"))
  func `Every case of other products is reproduced or explained`() throws {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let cases = try decoder.decode(CaseFile.self, from: Data(contentsOf: Self.caseFile)).cases
    let exceptions = try JSONDecoder().decode(
      [Exception].self, from: Data(contentsOf: Self.exceptionFile))
    let excepted = Set(exceptions.map(\.id))
    var reproduced: Set<String> = []
    for each in cases {
      let found = Result { try each.amount() }
      if case .success(each.expected.amount) = found {
        reproduced.insert(each.id)
      } else if !excepted.contains(each.id) {
        Issue.record("\(each.id): expected \(each.expected.amount), found \(found)")
      }
    }
    #expect(cases.count == 100)
    #expect(excepted.intersection(reproduced).sorted() == [], "listed, and yet reproduced")
    #expect(excepted.subtracting(cases.map(\.id)).sorted() == [], "listed, and no such case")
    #expect(excepted.count == exceptions.count, "listed twice")
    #expect(exceptions.allSatisfy { $0.reason.count > 40 }, "an exception says why")
    print(
      "rating cases: \(reproduced.count) of \(cases.count) reproduced exactly,",
      "\(excepted.count) explained in rating-exceptions.json")
  }
}
