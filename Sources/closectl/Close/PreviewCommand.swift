import ArgumentParser
import Billing
import Ledger

struct PreviewCommand: OperatorCommand {
  static let configuration = CommandConfiguration(
    commandName: "preview",
    abstract: "What would be invoiced, with the month's catalogs; changes nothing.",
    discussion: """
      Rates every account as the invoicer would. Exit 1 when an account cannot be rated, when \
      there is usage without a price, or when an invoice is above --max. Also named, without \
      exit 1: countries without a tax, amounts far over the month before, corrections larger than \
      what was billed, what the payment gateway cannot take, usage of months that are far away.

      Example:
        closectl close preview 2026-11
        closectl close preview 2026-11 --max "20000 CHF" --max "20000 EUR"
        closectl close preview 2026-11 --account meter-1000317
      """)

  @Argument(help: .period, transform: NamedPeriod.init)
  var named: NamedPeriod
  @Option(help: "Only this account, with its lines.")
  var account: String?
  @Option(
    help: ArgumentHelp(
      "Name every invoice above this amount; once per currency.", valueName: "amount"),
    transform: { try Money(parsing: $0) })
  var max: [Money] = []
  @OptionGroup var shared: SharedOptions

  func perform(in session: Session) async throws -> Answer {
    var preview = Preview(
      period: try named.period(at: session.clock.now()), store: try await session.store(),
      output: session.output, maximum: max)
    if let account { return try await preview.one(account) }
    return try await preview.all()
  }
}
