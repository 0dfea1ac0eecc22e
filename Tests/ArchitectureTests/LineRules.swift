/// Rules about single lines. Strings and comments are told apart only roughly: a rule that needs to
/// be named in a string is written in two halves there.
struct LineRule: Sendable {
  var name: String
  /// True if this line breaks the rule; it may look at the file for its neighbours.
  var breaks: @Sendable (_ line: Int, _ file: SourceFile) -> Bool
  /// Where it applies: `Sources`, `Tests`.
  var folders: Set<String>

  static let all: [LineRule] = [
    LineRule(
      name: "longer than 100 columns", breaks: { $1.lines[$0].count > 100 },
      folders: ["Sources", "Tests"]),
    LineRule(
      name: "an unchecked promise to the compiler without its reason in a comment beside it",
      breaks: { line, file in
        let code = file.code(line)
        return
          (code.contains("@unchecked Send" + "able") || code.contains("nonisolated(un" + "safe)"))
          && !file.isExplained(line)
      }, folders: ["Sources", "Tests"]),
    LineRule(
      name: "a swallowed error without its reason in a comment beside it",
      breaks: { line, file in
        let code = file.code(line)
        let empty = code.contains("catch {}") || code.contains("catch { }")
        return (empty || code.contains("tr" + "y?")) && !file.isExplained(line)
      }, folders: ["Sources"]),
    LineRule(
      name: "a trap with a text instead of a named fault",
      breaks: { $1.code($0).contains("fatal" + "Error(\"") }, folders: ["Sources"]),
    LineRule(
      name: "a column read by its place; a ColumnList reads by name",
      breaks: { line, file in
        let mayRead = ["Row", "ColumnList", "SQLSession", "PostgreSQLSession"].contains(file.name)
        return file.target == "Ledger" && !mayRead && file.code(line).contains("[at: ")
      }, folders: ["Sources"]),
    LineRule(
      name: "an unfinished mark",
      breaks: { line, file in
        ["TO" + "DO", "FIX" + "ME", "XX" + "X:"].contains { file.lines[line].contains($0) }
      }, folders: ["Sources", "Tests"]),
  ]

  func findings(in file: SourceFile) -> [RuleFinding] {
    guard folders.contains(String(file.folder)) else { return [] }
    return file.lines.indices.filter { breaks($0, file) }.map {
      RuleFinding(file: file.path, line: $0 + 1, what: name)
    }
  }
}

extension SourceFile {
  /// The line without its comment.
  func code(_ line: Int) -> String {
    let text = lines[line]
    return text.firstRange(of: "//").map { String(text[..<$0.lowerBound]) } ?? text
  }

  /// A comment on the line itself, on one of the two before it, or right after it.
  func isExplained(_ line: Int) -> Bool {
    (max(0, line - 2)...min(line + 1, lines.count - 1)).contains { lines[$0].contains("//") }
  }
}
