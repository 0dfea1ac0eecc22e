import ArgumentParser
import Billing
import Ledger

struct ExplainCommand: OperatorCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Explain an account: its messages, their snapshots, and each decision.",
    discussion: """
      Three lines say where the account stands, what was done last and what comes next. Then, for \
      each message, what it believed, what the ledger said at the time, which rule decided and \
      what the result was. Contains no personal data.

      Example:
        closectl explain meter-1000317
        closectl explain meter-1000317 --period last --rules
      """)

  @Argument(help: "The account's id.")
  var account: String
  @Option(
    name: .customLong("period"),
    help: ArgumentHelp("Show only this month, as YYYY-MM, or `last`.", valueName: "period"),
    transform: NamedPeriod.init)
  var named: NamedPeriod?
  @Flag(help: "Also show the rule tables, with the deciding rules marked.")
  var rules = false
  @OptionGroup var shared: SharedOptions

  func perform(in session: Session) async throws -> CommandOutput {
    let now = session.clock.now()
    let period = try named?.period(at: now)
    guard let story = try await session.store().story(of: account, period: period) else {
      throw Problem("there is no account \(quoted(account))")
    }
    let text = AccountHistoryText(
      story, period: period, style: session.output.style, now: now, withRules: rules)
    let document = AccountHistoryDocument(story, period: period, takenAt: now)
    return CommandOutput(document, text: text.lines)
  }
}

/// A service's table of decisions, as it is printed.
struct PrintedTable: Encodable {
  struct Row: Encodable {
    var rule: String
    var found: String
    var finding: String
    var does: String
    /// It decided at least once in the story.
    var decided: Bool
  }
  var table: String
  var rows: [Row]

  init(_ table: DecisionTable<some Sendable, some Sendable>, decided: Set<String>) {
    self.table = table.name
    rows = table.rows.map {
      Row(
        rule: $0.rule, found: $0.found, finding: $0.finding.rawValue, does: $0.does,
        decided: decided.contains($0.rule))
    }
  }

  /// The tables in which one of these rules stands.
  static func tables(deciding rules: Set<String>) -> [PrintedTable] {
    [
      PrintedTable(DecisionTable.invoicer, decided: rules),
      PrintedTable(DecisionTable.charger, decided: rules),
      PrintedTable(DecisionTable.mailer, decided: rules),
      PrintedTable(DecisionTable.holder, decided: rules),
      PrintedTable(DecisionTable.lifter, decided: rules),
      PrintedTable(DecisionTable.reporter, decided: rules),
    ].filter { $0.rows.contains(where: \.decided) }
  }

  func lines(style: Style) -> [String] {
    var shown = Table([
      .init(""), .init("rule"), .init("found"), .init("class"), .init("does"),
    ])
    for row in rows {
      shown.add(row.decided ? "->" : "", row.rule, row.found, words(row.finding), row.does)
    }
    let lines = shown.lines(style: style)
    return zip(lines, [false] + rows.map(\.decided)).map { line, decided in
      decided ? style.good(line) : line
    }
  }
}
