import ArgumentParser
import Services

/// A word in the place of a command that names no command. The parser itself only reports an
/// unexpected argument.
struct UnknownVerb: Error, CustomStringConvertible {
  let typed: [String]
  let expected: [String]
  let suggestions: [[String]]

  /// `nil` if every word in such a place names a command.
  static func found(
    in arguments: [String], of root: any ParsableCommand.Type = Closectl.self
  ) -> UnknownVerb? {
    var command = root
    var path = [root._commandName]
    for word in arguments {
      let subcommands = command.configuration.subcommands
      // Options come after the command's name; `help` is the library's own.
      if subcommands.isEmpty || word.hasPrefix("-") || word == "help" { return nil }
      path.append(word)
      if let next = subcommands.first(where: { $0._commandName == word }) {
        command = next
        continue
      }
      let expected = subcommands.filter { $0.configuration.shouldDisplay }.map { $0._commandName }
      return UnknownVerb(
        typed: path, expected: expected, suggestions: nearest(path, expected, root))
    }
    return nil
  }

  /// Its namesake in another group; otherwise a mistyped one in its own group; otherwise any that
  /// is similar.
  private static func nearest(
    _ typed: [String], _ expected: [String], _ root: any ParsableCommand.Type
  ) -> [[String]] {
    guard let word = typed.last else { return [] }
    let all = verbs(of: root, [root._commandName])
    let namesakes = all.filter { $0.last == word }
    if !namesakes.isEmpty { return namesakes }
    let name = Suggestion.name(to: word, among: expected)
    if isNear(word, name) { return [typed.dropLast() + [name]] }
    return all.filter { isNear(word, $0.last ?? "") }
  }

  /// Two letters of five may be wrong, which covers two that were swapped.
  private static func isNear(_ typed: String, _ name: String) -> Bool {
    Suggestion.distance(String(typed.prefix(100)), name) <= max(1, name.utf8.count * 2 / 5)
  }

  private static func verbs(
    of command: any ParsableCommand.Type, _ path: [String]
  ) -> [[String]] {
    let shown = command.configuration.subcommands.filter { $0.configuration.shouldDisplay }
    if shown.isEmpty { return [path] }
    return shown.flatMap { verbs(of: $0, path + [$0._commandName]) }
  }

  var description: String {
    let what = "there is no command `\(printable(typed.joined(separator: " ")))`"
    guard !suggestions.isEmpty else {
      return "\(what); expected one of \(expected.joined(separator: ", "))"
    }
    let meant = suggestions.map { "`\($0.joined(separator: " "))`" }.joined(separator: " or ")
    return "\(what); did you mean \(meant)?"
  }
}
