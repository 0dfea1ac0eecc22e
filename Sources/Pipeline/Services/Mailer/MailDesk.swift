import Billing
import Ledger

/// Writes mails from the ledger's figures.
struct MailDesk: Sendable {
  let from: String
  let templates: MailTemplates

  /// `draft`: the invoice as it was issued.
  func write(
    _ letter: Letter, facts: AccountFacts, draft: InvoiceDraft?, at now: Instant
  ) throws -> OutgoingMail {
    guard let invoice = facts.invoice, let draft else {
      throw MailError.noInvoice(letter.key.about)
    }
    var view = MailView(account: facts.account, draft: draft, invoice: invoice)
    let charge = letter.job.event.data.charge
    view.amountMinor = charge?.amount ?? 0
    // Only what still holds: the ledger decides whether we will charge, not the message.
    view.collection = facts.willBeCharged ? .auto : .manual
    if let next = charge?.nextAttemptAt, next > now, facts.willBeCharged {
      view.nextAttemptAt = next
    }
    view.reason = charge?.declineCode
    view.dueAt = invoice.issuedAt.adding(days: facts.account.holdAfterDays)
    if letter.kind == .invoice, let told = letter.snapshot.invoice {
      // A snapshot with other than 0 to its total open is a contradiction and does not come here.
      view.creditAppliedMinor = max(0, told.total - told.open)
    }
    let parts = try templates.render(letter.kind, view)
    return OutgoingMail(
      from: from, to: facts.account.email, toName: facts.account.name, subject: parts.subject,
      messageID: "\(letter.messageID)@\(domain)", text: parts.text, html: parts.html, date: now)
  }

  /// Of the sender's address, for the right side of Message-IDs.
  private var domain: String {
    let address = from.split(separator: "@").last.map(String.init) ?? "month-close.invalid"
    return address.filter { $0 != ">" && $0 != " " }
  }
}

extension AccountFacts {
  /// Whether the charger's table can still lead to a charge of this invoice.
  var willBeCharged: Bool {
    account.collection == .auto && account.paymentMethod != nil && !account.closed
      && !attempts.contains { [.declinedHard, .parked, .succeeded].contains($0.state) }
  }
}

enum MailError: Error, CustomStringConvertible {
  case noInvoice(String)
  var description: String {
    switch self {
    case .noInvoice(let about): "the ledger has no invoice for the mail about \(about)"
    }
  }
}
