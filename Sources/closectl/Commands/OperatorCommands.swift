import ArgumentParser
import Billing
import Broker
import Ledger
import Pipeline

struct PaymentGroup: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "payment", abstract: "Payments that arrived some other way.",
    subcommands: [Record.self])

  struct Record: OperatorCommand {
    static let configuration = CommandConfiguration(
      abstract: "Records a payment; the same reference is recorded once.",
      discussion: """
        It pays the oldest open invoice first; what is left over becomes customer credit. A hold \
        is lifted when nothing is owed any more.

        Example:
          closectl payment record meter-1000317 --amount "12.30 CHF" --reference bank-4711
        """)
    @OptionGroup var posting: PostingOptions
    @OptionGroup var shared: SharedOptions

    func perform(in session: Session) async throws -> Answer {
      try await posting.carryOut("payment", in: session) {
        try await $0.recordPayment(
          account: posting.account, amount: posting.amount, reference: posting.reference)
      }
    }
  }
}

struct CreditGroup: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "credit", abstract: "Credits, used before money is taken.",
    subcommands: [Grant.self])

  struct Grant: OperatorCommand {
    static let configuration = CommandConfiguration(
      abstract: "Grants a credit; the same reference is granted once.",
      discussion: """
        It is used on open invoices first, and on the next ones after that.

        Example:
          closectl credit grant meter-1000317 --amount "5 CHF" --reference outage-2026-11-03
        """)
    @OptionGroup var posting: PostingOptions
    @OptionGroup var shared: SharedOptions

    func perform(in session: Session) async throws -> Answer {
      try await posting.carryOut("credit", in: session) {
        try await $0.grantCredit(
          account: posting.account, amount: posting.amount, reference: posting.reference)
      }
    }
  }
}

/// Account, amount and reference of something an operator posts.
struct PostingOptions: ParsableArguments {
  @Argument(help: "The account's id.")
  var account: String

  @Option(
    help: ArgumentHelp("A decimal and its currency, as \"12.30 CHF\".", valueName: "amount"),
    transform: { try Money(parsing: $0) })
  var amount: Money

  @Option(help: "What makes it the same one again: a bank's reference, a ticket.")
  var reference: String

  func validate() throws {
    guard amount.amountMinor > 0 else {
      throw ValidationError("--amount has to be above zero, found \(amount)")
    }
    guard !reference.isEmpty, reference.utf8.count <= 128,
      !reference.unicodeScalars.contains(where: \.isControl)
    else { throw ValidationError("--reference has to be 1 to 128 bytes of plain text") }
  }

  private struct Document: Encodable {
    var account: String
    var amount: Int64
    var currency: String
    var reference: String
    var outcome: String
    var message: String
    var published: Bool
  }

  func carryOut(
    _ what: String, in session: Session,
    _ post: (Operator) async throws -> OperatorOutcome
  ) async throws -> Answer {
    let store = try await session.store()
    let broker = await session.brokerIfReachable(
      otherwise: "the \(what) is recorded all the same, and its event is published by the next "
        + "closectl command that reaches the broker")
    let outcome = try await post(
      Operator(store: store, broker: broker, clock: session.clock, logger: session.logger))
    let left = try await store.unpublished(
      by: .closectl, before: session.clock.now().adding(seconds: 1), limit: 1)
    let (name, message, status) = outcome.told
    let document = Document(
      account: account, amount: amount.amountMinor, currency: amount.currency.code,
      reference: reference, outcome: name, message: message, published: left.isEmpty)
    if name == "refused" { session.output.noteLine("error: \(message)") }
    return Answer(
      document, text: name == "refused" ? [] : ["\(what) \(name): \(message)"], status: status)
  }
}

extension OperatorOutcome {
  fileprivate var told: (name: String, message: String, status: ExitStatus) {
    switch self {
    case .done(let text): ("recorded", text, .done)
    case .repeated(let text): ("unchanged", text, .done)
    case .refused(let text): ("refused", text, .problem)
    }
  }
}
