import Billing
import Ledger

/// A month of an account that was left to a person and has not been decided again since.
struct ParkedMonth: Equatable {
  /// `2026-11/m-1`, also where none could be made.
  let invoice: String
  /// The decision that left it to a person.
  let rule: String
  /// `false`: no invoice could be made, so that there is nothing to charge.
  let isInvoiced: Bool

  /// `waiting for a person (charge.contradiction): closectl parked retry 2026-11 --account m-1`
  func sentence(_ account: String) -> String {
    let period = invoice.prefix(ChainStep.periodLength)
    let command = isInvoiced ? "retry \(period) --account \(printable(account))" : "list \(period)"
    // Usually the gateway does not know the card; a retry with the same card ends the same way.
    let first =
      rule == "charge.gateway-rejected"
      ? "import the account with the right payment_method, or " : ""
    return "waiting for a person (\(rule)): \(first)closectl parked \(command)"
  }

  private static let parking: Set = [
    EventType.invoiceParked.rawValue, EventType.chargeParked.rawValue,
  ]

  /// The oldest month first.
  static func all(of story: AccountHistory) -> [ParkedMonth] {
    let account = story.facts.account.id
    var parked: [String: ParkedMonth] = [:]
    for step in story.steps where step.isLook {
      for invoice in step.invoices(of: account) { parked[invoice] = nil }
      for event in step.events where parking.contains(event.type) {
        guard let invoice = ChainStep.invoice(in: event.id, of: account) else { continue }
        parked[invoice] = ParkedMonth(
          invoice: invoice, rule: step.decision.rule,
          isInvoiced: event.type == EventType.chargeParked.rawValue)
      }
    }
    return parked.values.filter { $0.isOpen(story.invoices) }.sorted { $0.invoice < $1.invoice }
  }

  /// If it was paid by other means, or invoiced after all, it no longer waits for a person.
  private func isOpen(_ invoices: [InvoiceFacts]) -> Bool {
    let facts = invoices.first { $0.id == invoice }
    return isInvoiced ? facts.map { $0.openMinor > 0 } ?? true : facts == nil
  }
}

extension ChainStep {
  fileprivate static let periodLength = "2026-11".count

  /// Only these decide again about what is parked.
  fileprivate var isLook: Bool {
    [.invoicer, .charger].contains(service) || decision.rule == "operator.parked-retry"
  }

  /// The invoices it decided on. Credit from a later invoice may pay part of an older one without
  /// deciding why that one is parked.
  fileprivate func invoices(of account: String) -> [String] {
    let made = events.filter { $0.type != EventType.creditApplied.rawValue }.map(\.id)
    let named = ([messageID] + made).compactMap { Self.invoice(in: $0, of: account) }
    return named + [decision.found?.invoice?.id].compactMap { $0 }
  }

  /// Of an id like `charge.parked:2026-11/m-1:1`; `nil`: it is about no invoice of this account.
  fileprivate static func invoice(in id: String, of account: String) -> String? {
    guard let colon = id.firstIndex(of: ":") else { return nil }
    let about = id[id.index(after: colon)...]
    let account = "/\(account)"
    guard about.dropFirst(periodLength).hasPrefix(account) else { return nil }
    let invoice = about.prefix(periodLength + account.count)
    let next = about.dropFirst(invoice.count).first
    return next.map { ":#@".contains($0) } ?? true ? String(invoice) : nil
  }
}
