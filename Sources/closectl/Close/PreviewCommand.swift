import ArgumentParser
import Billing
import Ledger

struct PreviewCommand: OperatorCommand {
  static let configuration = CommandConfiguration(
    commandName: "preview",
    abstract: "Show what would be invoiced with the month's catalogs; changes nothing.",
    discussion: """
      Rates every account as the invoicer would. Exits 1 if an account cannot be rated, if usage \
      has no price, or if an invoice is above --max. Also reports, without exit 1: \
      countries without a tax, amounts far above the month before, corrections larger than what \
      was billed, amounts the payment gateway cannot charge, and usage in distant months.

      Example:
        closectl close preview 2026-11
        closectl close preview 2026-11 --max "20000 CHF" --max "20000 EUR"
        closectl close preview 2026-11 --account meter-1000317
      """)

  @Argument(help: .period, transform: NamedPeriod.init)
  var named: NamedPeriod
  @Option(help: "Show only this account, with its lines.")
  var account: String?
  @Option(
    help: ArgumentHelp(
      "Report every invoice above this amount; once per currency.", valueName: "amount"),
    transform: { try Money(parsing: $0) })
  var max: [Money] = []
  @OptionGroup var shared: SharedOptions

  func perform(in session: Session) async throws -> CommandOutput {
    var preview = Preview(
      period: try named.period(at: session.clock.now()), store: try await session.store(),
      output: session.output, maximum: max)
    if let account { return try await preview.one(account) }
    return try await preview.all()
  }
}
