import ArgumentParser
import Billing
import Ledger

struct ExplainCommand: OperatorCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "The chain of messages, beliefs, findings and decisions of an account.",
    discussion: """
      Shows what each message believed, what the ledger said then, which rule decided and what \
      came of it; then the tables of rules, those that decided marked. No personal data.

      Example:
        closectl explain meter-1000317 --period 2026-11
      """)

  @Argument(help: "The account's id.")
  var account: String
  @Option(help: .period, transform: parsePeriod)
  var period: Period?
  @OptionGroup var shared: SharedOptions

  func perform(in session: Session) async throws -> Answer {
    guard let story = try await session.store().story(of: account, period: period) else {
      throw Problem("there is no account \(quoted(account))")
    }
    let text = StoryText(story, period: period, style: session.output.style)
    let document = StoryDocument(story, period: period, takenAt: session.clock.now())
    return Answer(document, text: text.lines)
  }
}
