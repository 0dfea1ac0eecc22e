import Billing
import Ledger
import Payments
import Services

/// Records the gateway's charges for a period in the ledger, after a backup was restored or
/// somebody charged by hand. It only records: the charger credits each charge when it decides on
/// its invoice, now or once that is issued.
public struct Reconciling: Sendable {
  let store: LedgerStore
  let charges: ChargeListing
  let clock: LedgerClock

  public init(store: LedgerStore, charges: @escaping ChargeListing, clock: LedgerClock) {
    self.store = store
    self.charges = charges
    self.clock = clock
  }

  /// What happens to a charge that no attempt in the ledger made.
  public enum Action: String, Sendable, CaseIterable {
    /// Its invoice exists: the charger credits it now.
    case count
    /// Its account exists: it is credited when the invoice is issued.
    case countLater = "count-later"
    /// A failed attempt: its number is not used again, and its decline counts.
    case rememberDecline = "remember-decline"
    /// The invoice is already paid: this charge is one too many and must be refunded at the
    /// gateway.
    case second
    /// Refunded in part or in full, or in another currency: the charger parks the invoice.
    case park
    /// Still pending at the gateway.
    case wait
    /// The ledger has no such account.
    case unknownAccount = "unknown-account"
  }

  public struct Item: Sendable, Equatable {
    public var charge: GatewayCharge
    public var action: Action
    var isInvoiceKnown: Bool

    /// Whether applying records it.
    public var isRecorded: Bool { ![.wait, .unknownAccount].contains(action) }
  }

  public struct Findings: Sendable {
    /// Charges at the gateway that name an invoice of the period.
    public var compared = 0
    /// Those that no attempt made and that are still undecided.
    public var items: [Item] = []
  }

  // MARK: Looking

  public func look(_ period: Period) async throws -> Findings {
    var findings = Findings()
    // From the calendar, never from the ledger.
    let since = min(period.firstPossibleCharge, clock.now())
    var after: String?
    while true {
      let page = try await charges(since, after)
      let ours = page.charges.filter { $0.period == period }
      findings.compared += ours.count
      findings.items += try await items(ours)
      guard page.hasMore, let last = page.charges.last else { return findings }
      after = last.id
    }
  }

  private func items(_ charges: [GatewayCharge]) async throws -> [Item] {
    let remembered = try await store.remembered(charges.map(\.name))
    let open = zip(charges, remembered).filter { charge, memory in
      [.forgotten, .stray].contains(ChargeStanding(charge, memory))
    }
    let facts = try await store.facts(
      for: open.map { FactKey(account: $0.0.account, invoice: $0.0.invoice) })
    return zip(open, facts).map { item, facts in
      Item(
        charge: item.0, action: Self.action(item.0, facts), isInvoiceKnown: facts?.invoice != nil)
    }
  }

  private static func action(_ charge: GatewayCharge, _ facts: AccountFacts?) -> Action {
    guard let facts else { return .unknownAccount }
    switch charge.state {
    case .pending: return .wait
    case .failed: return .rememberDecline
    case .succeeded: break
    }
    if facts.attempts.contains(where: { $0.state == .succeeded }) { return .second }
    if charge.refundedMinor > 0 || charge.currency != facts.account.currency.code { return .park }
    return facts.invoice == nil ? .countLater : .count
  }

  // MARK: Deciding

  static let page = 200

  /// Records what can be recorded. Repeating it changes nothing.
  public func apply(_ items: [Item], by operatorName: String, reason: String) async throws {
    let now = clock.now()
    let changes = items.filter(\.isRecorded).compactMap { item in
      GatewayChargeRecord(item.charge, .takenOver, by: operatorName, reason: reason)?.change(
        by: .closectl, decision(item.charge, item.action.rawValue, operatorName, reason),
        schedules: item.isInvoiceKnown, at: now)
    }
    for start in stride(from: 0, to: changes.count, by: Self.page) {
      let page = Array(changes[start..<min(start + Self.page, changes.count)])
      _ = try await store.commit(page, published: [])
    }
  }

  /// An operator declares that a charge does not belong to this ledger.
  public func setAside(
    _ charge: GatewayCharge, by operatorName: String, reason: String
  ) async throws {
    guard
      let record = GatewayChargeRecord(charge, .foreign, by: operatorName, reason: reason)
    else { throw NotSetAside(charge: charge.id) }
    let change = record.change(
      by: .closectl, decision(charge, "foreign", operatorName, reason), schedules: false,
      at: clock.now())
    _ = try await store.commit([change], published: [])
  }

  private func decision(
    _ charge: GatewayCharge, _ what: String, _ operatorName: String, _ reason: String
  ) -> DecisionRecord {
    DecisionRecord(
      rule: "operator.reconcile", finding: .material,
      explanation: "\(charge.id) at the gateway, \(charge.amountMinor) minor units of "
        + "\(charge.currency), \(charge.state.rawValue): \(what), by \(operatorName): \(reason)")
  }
}

/// A pending charge cannot be set aside.
public struct NotSetAside: Error, CustomStringConvertible {
  var charge: String
  public var description: String { "\(charge) is still pending at the gateway: try again later" }
}

extension GatewayCharge {
  /// The account of the invoice it names.
  var account: String {
    invoice?.split(separator: "/", maxSplits: 1).last.map(String.init) ?? ""
  }
}
