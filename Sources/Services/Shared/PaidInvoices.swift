import Billing
import Ledger

/// The open invoices that a posting pays in full, and what ends with them.
public struct PaidInvoices {
  let invoices: [InvoiceFacts]

  public init(by posting: Transaction, of open: [InvoiceFacts]) {
    invoices = open.filter { invoice in
      let taken = posting.entries.filter { $0.invoice == invoice.id }.map(\.amountMinor)
      return !taken.isEmpty && invoice.openMinor + taken.reduce(0, +) == 0
    }
  }

  /// The ends of their accounts, and the work that was waiting for the money.
  public var writes: [Write] {
    invoices.flatMap { invoice -> [Write] in
      [
        .progress(account: invoice.account, period: invoice.period, reached: [], end: .paid),
        .cancelDue(service: .charger, kind: .dueCharge, invoice: invoice.id),
        .cancelDue(service: .holder, kind: .dueGrace, invoice: invoice.id),
      ]
    }
  }
}
