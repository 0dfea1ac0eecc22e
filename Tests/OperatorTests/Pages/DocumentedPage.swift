import Foundation

/// A page of documentation, taken apart so that tests can hold the program to it.
struct DocumentedPage {
  enum Part: Equatable {
    /// `language` is what stands behind the fence.
    case code(language: String, text: String)
    case table(header: [String], rows: [[String]])
  }

  struct Section {
    /// Without marks of code.
    var heading: String
    var parts: [Part] = []

    /// Tables whose first column has this name.
    func tables(_ first: String) -> [[[String]]] {
      parts.compactMap {
        if case .table(let header, let rows) = $0, header.first == first { rows } else { nil }
      }
    }
  }

  private(set) var sections = [Section(heading: "")]

  /// `docs/files.md`, or `README.md`.
  init(_ path: String) throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../../\(path)").standardized
    var lines = try String(contentsOf: file, encoding: .utf8)
      .split(separator: "\n", omittingEmptySubsequences: false)[...]
    while let line = lines.popFirst() {
      if line.hasPrefix("#") {
        let title = line.drop { "# ".contains($0) }
        sections.append(Section(heading: String(title.filter { $0 != "`" })))
      } else if line.hasPrefix("```") {
        let text = lines.prefix { !$0.hasPrefix("```") }
        lines = lines.dropFirst(text.count + 1)
        add(.code(language: String(line.dropFirst(3)), text: text.joined(separator: "\n") + "\n"))
      } else if line.hasPrefix("|") {
        let rows = lines.prefix { $0.hasPrefix("|") }
        lines = lines.dropFirst(rows.count)
        add(.table(header: Self.cells(line), rows: rows.dropFirst().map(Self.cells)))
      }
    }
  }

  func section(_ heading: String) -> Section {
    sections.first { $0.heading == heading } ?? Section(heading: heading)
  }

  /// The blocks of code in that language, from all of the page.
  func code(_ language: String) -> [String] {
    sections.flatMap(\.parts).compactMap {
      if case .code(language, let text) = $0 { text } else { nil }
    }
  }

  /// What is marked as code in a cell.
  static func words(_ cell: String) -> [String] {
    cell.split(separator: "`", omittingEmptySubsequences: false).enumerated()
      .filter { $0.offset % 2 == 1 }.map { String($0.element) }
  }

  /// A value: the cell without the marks of code.
  static func value(_ cell: String) -> String {
    cell == "(empty)" ? "" : words(cell).first ?? cell
  }

  private mutating func add(_ part: Part) { sections[sections.count - 1].parts.append(part) }

  private static func cells(_ line: Substring) -> [String] {
    line.replacing("\\|", with: "\0")
      .split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast()
      .map { $0.replacing("\0", with: "|").trimmingCharacters(in: .whitespaces) }
  }
}

/// The keys that may stand at a place, as the error about an unknown one names them.
func knownKeys(in error: String) -> Set<String> {
  guard let names = error.firstRange(of: "expected one of ") else { return [] }
  return Set(error[names.upperBound...].split(separator: ", ").map(String.init))
}
