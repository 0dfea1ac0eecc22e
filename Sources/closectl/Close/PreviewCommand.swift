import ArgumentParser
import Billing
import Ledger

struct PreviewCommand: OperatorCommand {
  static let configuration = CommandConfiguration(
    commandName: "preview",
    abstract: "What would be invoiced, with today's catalogs; changes nothing.",
    discussion: """
      Rates every account as the invoicer would. Exit 1 when an account cannot be rated.

      Example:
        closectl close preview 2026-11
        closectl close preview 2026-11 --account meter-1000317
      """)

  @Argument(help: .period, transform: parsePeriod)
  var period: Period
  @Option(help: "Only this account, with its lines.")
  var account: String?
  @OptionGroup var shared: SharedOptions

  func perform(in session: Session) async throws -> Answer {
    var preview = Preview(
      period: period, store: try await session.store(), output: session.output)
    if let account { return try await preview.one(account) }
    return try await preview.all()
  }
}
