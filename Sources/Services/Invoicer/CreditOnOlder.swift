import Billing
import Ledger

/// Credit that pays an account's older open invoices, oldest first, while a newer one is issued:
/// from a negative invoice, or left by an earlier overpayment.
struct CreditOnOlder {
  let posting: Transaction
  private let amountMinor: Int64
  /// A separate reference: the new invoice's id alone stands for the credit used on itself.
  private let reference: String
  /// The invoice being issued.
  private let source: String
  private let currency: Currency
  /// The credit used on each older invoice, and the invoice afterwards.
  private let touched: [(takenMinor: Int64, after: InvoiceFacts)]
  private let paid: PaidInvoices

  /// `nil` if there is no credit, or nothing older is open. `facts`: with the new invoice posted.
  init?(_ facts: AccountFacts, _ older: [InvoiceFacts], of source: String) throws {
    let owed = try older.reduce(Int64(0)) { try $0.adding($1.openMinor) }
    let amount = min(facts.creditMinor, owed)
    guard amount > 0 else { return nil }
    currency = facts.account.currency
    amountMinor = amount
    self.source = source
    reference = "\(source)#older-invoices"
    posting = try Transaction.incoming(
      .creditApplied, from: .customerCredit, amountMinor: amount,
      reference: reference, account: facts.account, open: older)
    paid = PaidInvoices(by: posting, of: older)
    touched = posting.entries.compactMap { entry in
      guard var invoice = older.first(where: { $0.id == entry.invoice }) else { return nil }
      invoice.openMinor += entry.amountMinor
      if invoice.openMinor == 0 { invoice.status = .paid }
      return (-entry.amountMinor, invoice)
    }
  }

  var writes: [Write] { [.post(posting)] + paid.writes }

  var explanation: String {
    let amount = Money.text(amountMinor, currency)
    return ", credit of \(amount) used on \(touched.map(\.after.id).joined(separator: ", "))"
  }

  /// One for each invoice, so that holds are lifted. `facts`: after all postings of the change.
  func events(_ events: AccountEvents, after facts: AccountFacts) throws -> [OutgoingEvent] {
    try touched.map { taken, invoice in
      var facts = facts
      facts.invoice = invoice
      facts.attempts = []
      return try events.make(.creditApplied, about: "\(invoice.id):\(source)", after: facts) {
        $0.payment = .init(amount: taken, reference: reference)
      }
    }
  }
}
