import Billing
import Ledger
import Mail

/// Writes mails from the ledger's figures alone: a message determines which mail, about which
/// invoice and which attempt, but none of the printed text.
struct MailComposer: Sendable {
  let from: String
  let templates: MailTemplates
  /// Of the sender's address, for the right side of Message-IDs.
  private let domain: String

  init(from: String, templates: MailTemplates) {
    self.from = from
    self.templates = templates
    let address = from.split(separator: "@").last.map(String.init) ?? "month-close.invalid"
    domain = address.filter { $0 != ">" && $0 != " " }
  }

  /// `issued`: the invoice as it was issued.
  func write(
    _ intent: MailIntent, facts: AccountFacts, _ issued: IssuedInvoice?, at now: Instant
  ) throws -> OutgoingMail {
    guard let invoice = facts.invoice, let issued else {
      throw MailError.noInvoice(intent.key.about)
    }
    var view = MailView(account: facts.account, draft: issued.draft, invoice: invoice)
    let attempt = facts.attempts.first { $0.number == intent.attempt }
    view.amountMinor = attempt?.amountMinor ?? 0
    view.reason = attempt?.declineCode
    // Only what still holds: the ledger decides whether we will charge, not the message.
    (view.payment, view.toChargeMinor) = facts.payment(
      of: invoice, isTriedAgain: issued.nextAttemptAt != nil)
    view.chargedMinor = facts.attempts.filter { $0.state == .succeeded }.map(\.amountMinor)
      .reduce(0, +)
    if let next = issued.nextAttemptAt, next > now, facts.willBeCharged {
      view.nextAttemptAt = next
    }
    // A past due date is no date to pay by; for a hold it is the reason.
    let due = invoice.issuedAt.adding(days: facts.account.holdAfterDays)
    if due > now || intent.kind == .held { view.dueAt = due }
    if intent.kind == .invoice {
      view.creditAppliedMinor = issued.creditAppliedMinor
      view.ending = try facts.account.ending(in: issued.draft, at: now)
    }
    let parts = try templates.render(intent.kind, view)
    return OutgoingMail(
      from: from, to: facts.account.email, toName: facts.account.name, subject: parts.subject,
      messageID: "\(intent.messageID)@\(domain)", text: parts.text, html: parts.html, date: now)
  }
}

extension AccountFacts {
  /// How the open amount will be paid, and how much of it by card.
  fileprivate func payment(
    of invoice: InvoiceFacts, isTriedAgain: Bool
  ) -> (MailView.Payment, Int64) {
    let open = invoice.openMinor
    let isDeclined = attempts.max { $0.number < $1.number }?.state == .declinedSoft
    guard willBeCharged, !isDeclined || isTriedAgain else { return (.manual, 0) }
    let charged: MailView.Payment = isDeclined ? .isTriedAgain : .willBeCharged
    switch GatewayCurrencies.stripe.chargeability(of: open, invoice.currency) {
    case .whole: return (charged, open)
    case .rounded(let part): return (charged, part)
    case .belowMinimum: return (.isTooSmall, 0)
    case .aboveMaximum, .unknownCurrency: return (.manual, 0)
    }
  }

  /// Whether the charger's table can still lead to a charge of this invoice.
  var willBeCharged: Bool {
    account.collection == .auto && account.paymentMethod != nil
      && !attempts.contains { [.declinedHard, .parked, .succeeded].contains($0.state) }
  }
}

extension Account {
  fileprivate func ending(in draft: InvoiceDraft, at now: Instant) throws -> MailView.Ending? {
    guard let end, hasEnded(in: draft.period) else { return nil }
    let isForUsage = hasEnded(before: draft.period)
    let saysNothing =
      activeDays(in: draft.period) != draft.days || isForUsage && draft.lines.isEmpty
    let kind: MailView.Ending.Kind =
      saysNothing ? .unknownThen : isForUsage ? .usageAfterFinal : .final
    return MailView.Ending(
      kind: kind, lastDay: end.dayBefore, isOver: try end.start(in: timeZone) <= now)
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
