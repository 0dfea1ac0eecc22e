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
