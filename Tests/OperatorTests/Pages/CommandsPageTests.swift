import ArgumentParser
import Testing

@testable import closectl

/// docs/closectl.md: every command, and no option that a command does not have.
@Suite struct CommandsPageTests {
  private struct Verb {
    var path: [String]
    var type: any ParsableCommand.Type
  }

  private let rows: [[String]]

  init() throws {
    rows = try DocumentedPage("docs/closectl.md").section("closectl").tables("command").joined()
      .map { $0 }
  }

  private static func verbs(of type: any ParsableCommand.Type, _ path: [String] = []) -> [Verb] {
    let shown = type.configuration.subcommands.filter { $0.configuration.shouldDisplay }
    if shown.isEmpty { return [Verb(path: path, type: type)] }
    return shown.flatMap { verbs(of: $0, path + [$0._commandName]) }
  }

  /// The commands a row is about: `closectl import accounts|usage FILE` names two.
  private static func paths(_ row: [String]) -> [[String]] {
    let words = (DocumentedPage.words(row[0]).first ?? "").split(separator: " ").dropFirst()
      .prefix { $0.lowercased() == String($0) }.map { $0.split(separator: "|").map(String.init) }
    return words.reduce([[]]) { paths, choice in
      paths.flatMap { path in choice.map { path + [$0] } }
    }
  }

  @Test func `Every command is on the page`() {
    let documented = rows.flatMap(Self.paths).map { $0.joined(separator: " ") }
    let known = Self.verbs(of: Closectl.self).map { $0.path.joined(separator: " ") }
    #expect(documented.sorted() == known.sorted())
  }

  @Test func `Every option on the page exists`() {
    let verbs = Self.verbs(of: Closectl.self)
    for row in rows {
      for path in Self.paths(row) {
        guard let verb = verbs.first(where: { $0.path == path }) else { continue }
        let help = Closectl.helpMessage(for: verb.type)
        for option in row[1].matches(of: /--[a-z-]+/).map({ String($0.output) }) {
          #expect(help.contains(option), "\(path.joined(separator: " ")) has no \(option)")
        }
      }
    }
  }
}
