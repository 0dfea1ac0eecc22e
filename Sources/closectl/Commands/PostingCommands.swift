import ArgumentParser
import Billing
import Broker
import Ledger
import Operations

struct PaymentGroup: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "payment", abstract: "Record or reverse payments that arrived by other means.",
    subcommands: [Record.self, Reverse.self])

  struct Record: OperatorCommand {
    static let configuration = CommandConfiguration(
      abstract: "Record a payment; the same reference is recorded only once.",
      discussion: """
        It pays the invoices named with --invoice first, then the oldest open ones; any remainder \
        becomes customer credit. A hold is lifted once nothing is owed any longer. The output says \
        which invoices were paid, what became credit and what is still open.

        Example:
          closectl payment record meter-1000317 --amount "12.30 CHF" --reference bank-4711 --dry-run
          closectl payment record meter-1000317 --amount "12.30 CHF" --reference bank-4711 \
            --invoice 2026-11/meter-1000317
        """)
    @OptionGroup var posting: PostingOptions
    @OptionGroup var shared: SharedOptions

    func perform(in session: Session) async throws -> CommandOutput {
      try await posting.carryOut(.payment, in: session)
    }
  }
}

struct CreditGroup: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "credit", abstract: "Grant or reverse credit; it is used before money is taken.",
    subcommands: [Grant.self, Reverse.self])

  struct Grant: OperatorCommand {
    static let configuration = CommandConfiguration(
      abstract: "Grant a credit; the same reference is granted only once.",
      discussion: """
        It is used on open invoices first, starting with those named with --invoice, and then on \
        future ones.

        Example:
          closectl credit grant meter-1000317 --amount "5 CHF" --reference outage-2026-11-03
        """)
    @OptionGroup var posting: PostingOptions
    @OptionGroup var shared: SharedOptions

    func perform(in session: Session) async throws -> CommandOutput {
      try await posting.carryOut(.credit, in: session)
    }
  }
}

/// Account, amount and reference of something an operator posts.
struct PostingOptions: ParsableArguments {
  @Argument(help: "The account's id.")
  var account: String

  @Option(
    help: ArgumentHelp("A decimal and a currency, such as \"12.30 CHF\".", valueName: "amount"),
    transform: parseAmount)
  var amount: Money

  @Option(help: "Identifies it, so that it is recorded once: a bank reference, a ticket.")
  var reference: String

  @Option(
    help: ArgumentHelp(
      "An invoice to pay before the others. Repeatable.", valueName: "id"))
  var invoice: [String] = []

  @Flag(help: "Show what would be done; write nothing.")
  var dryRun = false

  func validate() throws {
    guard amount.amountMinor > 0 else {
      throw ValidationError("--amount must be above zero, found \(amount)")
    }
    guard amount.isWithinLimit else {
      throw ValidationError("--amount: \(MoneyError.aboveLimit(amount.currency))")
    }
    try checkPlainText(reference, of: "--reference", longest: 128)
  }

  func carryOut(_ kind: PostingOrder.Kind, in session: Session) async throws -> CommandOutput {
    if dryRun { await session.readOnly() }
    let store = try await session.store()
    let what = kind == .payment ? "payment" : "credit"
    let broker =
      dryRun
      ? nil
      : await session.brokerIfReachable(
        otherwise: "the \(what) is recorded anyway; the next closectl command that reaches the "
          + "broker publishes its event")
    let operations = Operator(
      store: store, broker: broker, clock: session.clock, logger: session.logger)
    let order = PostingOrder(
      kind, account: account, amount: amount, reference: reference, invoices: invoice)
    let outcome = try await operations.post(order, isDryRun: dryRun)
    let left = try await store.unpublished(
      by: .closectl, before: session.clock.now().adding(seconds: 1), limit: 1)
    let document = PostingDocument(
      what, order, outcome, isDryRun: dryRun, isPublished: left.isEmpty)
    if case .refused(let why) = outcome {
      session.output.noteLine("error: \(printable(inText(why)))")
    }
    return document.output
  }
}

/// What a payment or a credit did, in minor units.
struct PostingDocument: Encodable {
  struct Part: Encodable {
    var invoice: String
    var amount: Int64
    /// Still open of it afterwards.
    var open: Int64
  }
  struct StillOpen: Encodable {
    var invoice: String
    var open: Int64
  }

  var account: String
  var amount: Int64
  var currency: String
  var reference: String
  /// `recorded`, `unchanged`, `refused`, or with `--dry-run` `would be recorded`.
  var outcome: String
  var message: String
  var published: Bool
  var dryRun: Bool
  var paid: [Part] = []
  var becameCredit: Int64 = 0
  /// All credit of the account that is unused.
  var unusedCredit: Int64?
  var stillOpen: [StillOpen] = []

  private let what: String

  private enum CodingKeys: CodingKey {
    case account, amount, currency, reference, outcome, message, published, dryRun, paid
    case becameCredit, unusedCredit, stillOpen
  }

  init(
    _ what: String, _ order: PostingOrder, _ outcome: PostingOutcome, isDryRun: Bool,
    isPublished: Bool
  ) {
    self.what = what
    account = order.account
    amount = order.amount.amountMinor
    currency = order.amount.currency.code
    reference = order.reference
    published = isPublished
    dryRun = isDryRun
    switch outcome {
    case .done(let plan):
      self.outcome = isDryRun ? "would be recorded" : "recorded"
      message = plan.sentence(order.reference)
      take(plan)
    case .repeated(let plan):
      self.outcome = "unchanged"
      message = "reference \(order.reference) was recorded before, for \(plan.amount)"
      take(plan)
    case .refused(let why):
      self.outcome = "refused"
      message = why
    }
  }

  private mutating func take(_ plan: PostingPlan) {
    paid = plan.paid.map {
      Part(invoice: $0.invoice, amount: $0.paidMinor, open: $0.openMinor)
    }
    becameCredit = plan.becameCreditMinor
    unusedCredit = plan.creditMinor
    stillOpen = plan.stillOpen.map { StillOpen(invoice: $0.invoice, open: $0.openMinor) }
  }

  var output: CommandOutput {
    CommandOutput(
      self, text: outcome == "refused" ? [] : lines,
      status: outcome == "refused" ? .problem : .done)
  }

  private static let shown = 20

  private var lines: [String] {
    let amount = money(amount, currency)
    let head =
      outcome == "unchanged"
      ? "\(what) unchanged: reference \(printable(reference)) was recorded before, for \(amount)"
      : "\(what) \(outcome): \(amount) for account \(printable(account)), reference "
        + printable(reference)
    return [head] + paid.map(line) + credit + rest
  }

  private func line(_ part: Part) -> String {
    let open =
      part.open == 0
      ? "which is paid in full" : "of which \(money(part.open, currency)) is still open"
    return "  paid: \(money(part.amount, currency)) of invoice \(printable(part.invoice)), \(open)"
  }

  private var credit: [String] {
    let unused = unusedCredit ?? 0
    if becameCredit == 0 {
      return unused > 0 ? ["  unused credit: \(money(unused, currency))"] : []
    }
    return [
      "  became credit: \(money(becameCredit, currency)); "
        + "unused credit: \(money(unused, currency))"
    ]
  }

  private var rest: [String] {
    if stillOpen.isEmpty { return ["  still open: nothing"] }
    let more = stillOpen.count - Self.shown
    return stillOpen.prefix(Self.shown).map {
      "  still open: \(money($0.open, currency)) of invoice \(printable($0.invoice))"
    } + (more > 0 ? ["  … and \(grouped(more)) more"] : [])
  }
}
