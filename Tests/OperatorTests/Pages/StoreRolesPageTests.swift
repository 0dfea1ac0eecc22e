import Foundation
import Ledger
import Testing

@testable import closectl

/// docs/postgresql.md has the SQL that `closectl store roles` prints.
@Suite struct StoreRolesPageTests {
  @Test(arguments: StoreRoles.allCases)
  func `The page shows each step as it is printed`(_ step: StoreRoles) async throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../../docs/postgresql.md").standardized
    let page = try String(contentsOf: file, encoding: .utf8)
    let indented = step.sql.split(separator: "\n").map { "    \($0)\n" }.joined()
    #expect(page.contains("\n\n" + indented + "\n"))
    let console = try Console(try Scratch(), broker: nil)
    let printed = await console.run("store", "roles", "--step", step.rawValue)
    #expect(printed.status == .done)
    #expect(printed.out.hasPrefix("-- \(step.rawValue): "))
    #expect(printed.out.hasSuffix("\n" + step.sql))
  }

  @Test func `All steps are printed in their order`() async throws {
    let console = try Console(try Scratch(), broker: nil)
    let printed = await console.run("store", "roles")
    let places = StoreRoles.allCases.map { printed.out.ranges(of: $0.sql).map(\.lowerBound) }
    #expect(places.map(\.count) == [1, 1, 1])
    #expect(places.joined().sorted() == Array(places.joined()))
    let wrong = await console.run("store", "roles", "--step", "right")
    #expect(wrong.status == .usage)
    #expect(wrong.err.contains("roles"), "it names those there are: \(wrong.err)")
  }
}
