import ArgumentParser
import Billing
import Operations

/// The payment or credit to reverse, and why.
struct ReversalOptions: ParsableArguments {
  @Argument(help: "The reference it was recorded under.")
  var reference: String
  @Option(help: ArgumentHelp("The reason, for the record.", valueName: "text"))
  var reason: String
  @Option(help: "The account; needed only if an old reference is on several.")
  var account: String?
  @Flag(help: "Show what would be posted; change nothing.")
  var dryRun = false

  func validate() throws {
    try checkPlainText(reason, of: "--reason")
    try checkPlainText(reference, of: "REFERENCE", longest: 128)
  }

  private struct Document: Encodable {
    struct Reopened: Encodable {
      var invoice: String
      var amount: Int64
    }
    var reference: String
    var outcome: String
    var message: String
    var account: String?
    var amount: Int64?
    var currency: String?
    var reopened: [Reopened] = []
  }

  func carryOut(_ kind: Transaction.Kind, in session: Session) async throws -> CommandOutput {
    let store = try await session.store()
    let operations = Operator(
      store: store, broker: nil, clock: session.clock, logger: session.logger)
    let order = ReversalOrder(kind: kind, reference: reference, account: account, reason: reason)
    switch try await operations.reverse(order, dryRun: dryRun) {
    case .done(let plan): return output(plan)
    case .repeated(let message):
      let document = Document(reference: reference, outcome: "unchanged", message: message)
      return CommandOutput(document, text: ["unchanged: \(inText(message))"], status: .done)
    case .refused(let message):
      session.output.noteLine("error: \(printable(inText(message)))")
      let document = Document(reference: reference, outcome: "refused", message: message)
      return CommandOutput(document, text: [], status: .problem)
    }
  }

  private func output(_ plan: ReversalPlan) -> CommandOutput {
    let outcome = dryRun ? "would be reversed" : "reversed"
    let reopened = plan.reopened.sorted { $0.key < $1.key }
    let open = reopened.map {
      "  owed again: \(money($0.value, plan.amount.currency.code)) of \(printable($0.key))"
    }
    let message = "\(plan.amount) of account \(plan.account)"
    let document = Document(
      reference: reference, outcome: outcome, message: message, account: plan.account,
      amount: plan.amount.amountMinor, currency: plan.amount.currency.code,
      reopened: reopened.map { .init(invoice: $0.key, amount: $0.value) })
    return CommandOutput(document, text: ["\(outcome): \(inText(message))"] + open, status: .done)
  }
}

extension PaymentGroup {
  struct Reverse: OperatorCommand {
    static let configuration = CommandConfiguration(
      abstract: "Reverse a recorded payment, once.",
      discussion: """
        Posts the same entries with the opposite sign. Invoices it paid are owed again and may \
        lead to a hold; no card is charged for them. Credit it created is reversed too; if that \
        credit has been used, it is taken back from the invoices it was used on.

        Example:
          closectl payment reverse bank-4711 --reason "returned by the bank" --dry-run
        """)
    @OptionGroup var reversal: ReversalOptions
    @OptionGroup var shared: SharedOptions

    func perform(in session: Session) async throws -> CommandOutput {
      try await reversal.carryOut(.payment, in: session)
    }
  }
}

extension CreditGroup {
  struct Reverse: OperatorCommand {
    static let configuration = CommandConfiguration(
      abstract: "Reverse a granted credit, once.",
      discussion: """
        Example:
          closectl credit reverse outage-2026-11-03 --reason "granted to the wrong account"
        """)
    @OptionGroup var reversal: ReversalOptions
    @OptionGroup var shared: SharedOptions

    func perform(in session: Session) async throws -> CommandOutput {
      try await reversal.carryOut(.creditGrant, in: session)
    }
  }
}
