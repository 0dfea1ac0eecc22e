import Foundation
import Testing

/// A table of docs/operations.md or another page, which names what the program has.
enum OperationsTable {
  /// The words marked as code in the first column of the table below that heading.
  static func words(under heading: String, in page: String = "operations.md") throws -> [String] {
    let file = URL(fileURLWithPath: #filePath).appendingPathComponent(
      "../../../../docs/\(page)"
    ).standardized
    let text = try String(contentsOf: file, encoding: .utf8)
    let section = try #require(text.range(of: heading))
    let rows = text[section.upperBound...].split(separator: "\n").drop { !$0.hasPrefix("|") }
      .prefix { $0.hasPrefix("|") }
    return rows.flatMap { row in
      let cell = row.split(separator: "|", maxSplits: 1)[0]
      return cell.split(separator: "`").enumerated().filter { $0.offset % 2 == 1 }.map {
        String($0.element)
      }
    }
  }
}
