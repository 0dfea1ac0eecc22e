import Foundation
import Testing

@testable import Pipeline

@Suite struct MetricTableTests {
  /// The words in the first column of the table in docs/operations.md.
  private func documented() throws -> [String] {
    let file = URL(fileURLWithPath: #filePath).appendingPathComponent(
      "../../../../docs/operations.md"
    ).standardized
    let text = try String(contentsOf: file, encoding: .utf8)
    let section = try #require(text.range(of: "### Metrics"))
    let rows = text[section.upperBound...].split(separator: "\n").drop { !$0.hasPrefix("|") }
      .prefix { $0.hasPrefix("|") }
    return rows.flatMap { row in
      let cell = row.split(separator: "|", maxSplits: 1)[0]
      return cell.split(separator: "`").enumerated().filter { $0.offset % 2 == 1 }.map {
        String($0.element)
      }
    }
  }

  @Test func everyMetricIsInTheTableOnce() throws {
    #expect(try documented().sorted() == MetricTable.all.map(\.name).sorted())
  }
}
