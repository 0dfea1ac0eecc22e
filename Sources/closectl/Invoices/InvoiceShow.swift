import ArgumentParser
import Billing
import Ledger

struct InvoiceShow: OperatorCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show one invoice: lines, taxes, and what was paid and how.",
    discussion: """
      Contains no personal data.

      Example:
        closectl invoice show 2026-11/meter-1000317
      """)

  @Argument(help: "The invoice's id, as `closectl invoice list` shows it.")
  var id: String
  @OptionGroup var shared: SharedOptions

  func perform(in session: Session) async throws -> CommandOutput {
    let store = try await session.store()
    guard let invoice = try await store.invoices([id])[id] else {
      throw Problem("there is no invoice \(quoted(id)): closectl invoice list PERIOD lists them")
    }
    let key = FactKey(account: invoice.facts.account, invoice: nil)
    let account = try await store.facts(for: [key])[0]?.account
    let document = InvoiceDocument(invoice, try await store.postings(on: id), of: account)
    return CommandOutput(document, text: document.lines)
  }
}

/// In minor units.
struct InvoiceDocument: Encodable {
  struct Posting: Encodable {
    var at: String
    var kind: String
    var reference: String
    var amount: Int64
  }

  var invoice: String
  var number: Int64
  var period: String
  var status: String
  var open: Int64
  var issuedAt: String
  /// The days of the month that its flat fees are for.
  var activeDays: Int
  /// The first day on which its account is no longer a customer.
  var accountEnd: String?
  /// When its card is tried again.
  var nextAttemptAt: String?
  /// Lines, taxes and sums as they were issued.
  var issued: DraftDocument
  /// What changed the open amount, starting with the issue.
  var postings: [Posting]

  private let days: ActiveDays

  private enum CodingKeys: CodingKey {
    case invoice, number, period, status, open, issuedAt, activeDays, accountEnd, nextAttemptAt
    case issued, postings
  }

  init(_ found: IssuedInvoice, _ postings: [InvoicePosting], of account: Account?) {
    let facts = found.facts
    invoice = facts.id
    number = facts.number
    period = facts.period.description
    status = facts.status.rawValue
    open = facts.openMinor
    issuedAt = facts.issuedAt.rfc3339
    days = found.draft.days
    activeDays = days.active
    accountEnd = account?.end?.description
    nextAttemptAt = found.nextAttemptAt?.rfc3339
    issued = DraftDocument(found.draft)
    self.postings = postings.map {
      Posting(
        at: $0.at.rfc3339, kind: $0.kind.rawValue, reference: $0.reference, amount: $0.amountMinor)
    }
  }

  private func figure(_ minor: Int64) -> String { money(minor, issued.currency) }

  var lines: [String] {
    let next = nextAttemptAt.map { ["charged again at \($0)"] } ?? []
    return ["invoice \(printable(invoice)), number \(grouped(Int(number))), issued \(issuedAt)"]
      + dates + issued.text + [""] + moves + [standing] + next
  }

  private var dates: [String] {
    (accountEnd.map { ["the account's end date is \($0)"] } ?? [])
      + (days.isAll ? [] : ["flat fees are for \(days)"])
  }

  private var standing: String {
    open == 0 ? "\(status): nothing is open" : "\(status): \(figure(open)) of it"
  }

  /// What was paid of it, and how; empty if nothing was.
  private var moves: [String] {
    let moves = postings.filter { $0.kind != Transaction.Kind.invoice.rawValue }
    if moves.isEmpty { return [] }
    var table = Table([.init("at"), .init("by"), .init("reference"), .init("open", .right)])
    for move in moves {
      table.add(move.at, words(move.kind), move.reference, figure(move.amount))
    }
    return table.lines() + [""]
  }
}
