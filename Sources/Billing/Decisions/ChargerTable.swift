/// The charger's input for a decision: what the message believed, what the ledger says, and which
/// attempt on the invoice the message asks for.
public struct ChargeSituation: Sendable {
  public var snapshot: Snapshot
  /// `nil`: the ledger does not know the account.
  public var facts: AccountFacts?
  /// 1 for a fresh invoice, n for a due retry.
  public var attempt: Int
  /// `false`: the message says that work is due, and the ledger has no such work.
  public var isDue: Bool
  public var gateway: GatewayCurrencies
  /// What the gateway holds for the invoice beyond the ledger's attempts.
  public var found: [FoundCharge]

  public init(
    snapshot: Snapshot, facts: AccountFacts?, attempt: Int, isDue: Bool = true,
    gateway: GatewayCurrencies = .stripe, found: [FoundCharge] = []
  ) {
    self.snapshot = snapshot
    self.facts = facts
    self.attempt = attempt
    self.isDue = isDue
    self.gateway = gateway
    self.found = found
  }
}

public enum ChargeAction: Sendable, Equatable {
  /// Charge this amount; `leaving` minor units stay open because they were not announced to the
  /// customer.
  case charge(amountMinor: Int64, leaving: Int64)
  case nothing
  /// Find out the outcome of this attempt, then decide again.
  case settle(Attempt)
  /// Credit the charges the gateway already holds for the invoice.
  case takeOver(FoundCharge)
  case wait
  case park
  /// Nothing is written: the message is not one of ours.
  case refuse
}

extension DecisionTable where Situation == ChargeSituation, Action == ChargeAction {
  /// Card networks punish more attempts than this on one payment within 30 days.
  public static var attemptLimit: Int { 15 }

  /// The charger's published table, in order of precedence.
  public static let charger = DecisionTable(
    "charger", contradictions + settledMatters + gatewayLimits + amounts)

  private static var contradictions: [DecisionRow<ChargeSituation, ChargeAction>] {
    [
      DecisionRow(
        "charge.unknown-account", found: "the ledger does not know the account yet", .behind,
        does: "retry later, then park", when: { $0.facts == nil }, action: { _ in .wait }),
      DecisionRow(
        "charge.contradiction", found: "account, currency, invoice or total differ from the ledger",
        .contradiction, does: "park for a person", when: { $0.contradicts },
        action: { _ in .park }),
      DecisionRow(
        "charge.behind", found: "ledger position below the snapshot's", .behind,
        does: "retry later, then park", when: { $0.isBehind }, action: { _ in .wait }),
      DecisionRow(
        "charge.no-such-invoice", found: "the ledger has caught up and has no such invoice",
        .contradiction, does: "park for a person", when: { $0.invoice == nil },
        action: { _ in .park }),
      DecisionRow(
        "charge.not-due", found: "the ledger has no such due work", .contradiction,
        does: "nothing; the message becomes a dead letter", when: { !$0.isDue },
        action: { _ in .refuse }),
    ]
  }

  private static var settledMatters: [DecisionRow<ChargeSituation, ChargeAction>] {
    [
      DecisionRow(
        "charge.settle-first", found: "an earlier attempt is in flight or unknown", .unsettled,
        does: "look up that attempt at the gateway first", when: { $0.unsettled != nil },
        action: { $0.unsettled.map(ChargeAction.settle) ?? .wait }),
      DecisionRow(
        "charge.found-at-gateway",
        found: "the gateway holds a charge that no attempt in the ledger made",
        .material, does: "record it, then decide again on what is still open",
        when: { $0.foundMoney != nil || $0.foundFailure != nil },
        action: { ($0.foundMoney ?? $0.foundFailure).map(ChargeAction.takeOver) ?? .wait }),
      DecisionRow(
        "charge.void", found: "the invoice was voided", .material,
        does: "charge nothing, and report it", when: { $0.invoice?.status == .void },
        action: { _ in .nothing }),
      DecisionRow(
        "charge.nothing-open", found: "nothing is open", .alreadyDone,
        does: "charge nothing, and report it", when: { ($0.invoice?.openMinor ?? 0) <= 0 },
        action: { _ in .nothing }),
      DecisionRow(
        "charge.found-unclear",
        found: "the gateway charged another currency for it, or refunded some", .contradiction,
        does: "park for a person", when: { $0.foundUnclear != nil }, action: { _ in .park }),
      DecisionRow(
        "charge.attempt-parked", found: "an earlier attempt is waiting for a person",
        .contradiction,
        does: "park for a person", when: { $0.has(.parked) }, action: { _ in .park }),
      DecisionRow(
        "charge.hard-declined", found: "this card was declined for good", .alreadyDone,
        does: "no further attempt", when: { $0.isForbidden }, action: { _ in .nothing }),
      DecisionRow(
        "charge.charged-before", found: "the invoice was already charged", .alreadyDone,
        does: "never charge twice; what is open stays open", when: { $0.has(.succeeded) },
        action: { _ in .nothing }),
      DecisionRow(
        "charge.attempt-made", found: "this attempt was already made and settled", .alreadyDone,
        does: "nothing more", when: { $0.wasMade }, action: { _ in .nothing }),
      DecisionRow(
        "charge.manual", found: "the customer pays the invoice, as the message said", .same,
        does: "charge nothing, wait for the payment",
        when: { !$0.isAutomatic && $0.snapshot.collection == .manual }, action: { _ in .nothing }),
      DecisionRow(
        "charge.now-manual", found: "collection is now manual", .material,
        does: "charge nothing, and report it", when: { !$0.isAutomatic },
        action: { _ in .nothing }),
      DecisionRow(
        "charge.too-many-attempts", found: "the card networks' limit of attempts is reached",
        .material,
        does: "park for a person",
        when: { ($0.facts?.attempts.count ?? 0) >= attemptLimit }, action: { _ in .park }),
    ]
  }

  /// The gateway's units and limits (docs/currencies.md).
  private static var gatewayLimits: [DecisionRow<ChargeSituation, ChargeAction>] {
    [
      DecisionRow(
        "charge.told-nothing", found: "something is open, but the snapshot said nothing was",
        .material,
        does: "park for a person", when: { $0.announced <= 0 }, action: { _ in .park }),
      DecisionRow(
        "charge.not-chargeable", found: "the gateway does not accept the account's currency",
        .material, does: "charge nothing; it stays open",
        when: { $0.chargeability == .unknownCurrency }, action: { _ in .nothing }),
      DecisionRow(
        "charge.below-minimum", found: "the amount is below the gateway's minimum", .material,
        does: "charge nothing; it stays open and leads to no hold",
        when: { if case .belowMinimum = $0.chargeability { true } else { false } },
        action: { _ in .nothing }),
      DecisionRow(
        "charge.above-maximum", found: "the amount is above the gateway's maximum", .material,
        does: "charge nothing; it stays open",
        when: { if case .aboveMaximum = $0.chargeability { true } else { false } },
        action: { _ in .nothing }),
      DecisionRow(
        "charge.rounded", found: "the gateway accepts this currency only in larger steps",
        .material,
        does: "charge the next lower multiple; the rest stays open and leads to no hold",
        when: { $0.roundedMinor != nil },
        action: {
          .charge(
            amountMinor: $0.roundedMinor ?? $0.due, leaving: $0.open - ($0.roundedMinor ?? $0.due))
        }),
    ]
  }

  private static var amounts: [DecisionRow<ChargeSituation, ChargeAction>] {
    [
      DecisionRow(
        "charge.partly-paid", found: "less is open than the snapshot said", .material,
        does: "charge the smaller amount", when: { $0.open < $0.announced },
        action: { .charge(amountMinor: $0.open, leaving: 0) }),
      DecisionRow(
        "charge.grown", found: "more is open than the snapshot said", .material,
        does: "charge the amount announced to the customer, leave the rest open",
        when: { $0.open > $0.announced },
        action: { .charge(amountMinor: $0.announced, leaving: $0.open - $0.announced) }),
      DecisionRow(
        "charge.harmless", found: "the account changed, but not this invoice", .harmless,
        does: "charge the invoice's open amount",
        when: { ($0.facts?.position ?? 0) > $0.snapshot.position },
        action: { .charge(amountMinor: $0.open, leaving: 0) }),
      DecisionRow(
        "charge.same", found: "the open amount is as in the snapshot", .same, does: "charge it",
        when: { _ in true }, action: { .charge(amountMinor: $0.open, leaving: 0) }),
    ]
  }
}

extension ChargeSituation {
  var invoice: InvoiceFacts? { facts?.invoice }
  var open: Int64 { invoice?.openMinor ?? 0 }
  var announced: Int64 { snapshot.invoice?.open ?? 0 }
  /// Never more than was announced to the customer.
  var due: Int64 { min(open, announced) }
  public var chargeability: Chargeability {
    gateway.chargeability(of: due, facts?.account.currency ?? snapshot.currency)
  }
  var roundedMinor: Int64? {
    if case .rounded(let part) = chargeability { part } else { nil }
  }
  var isAutomatic: Bool {
    facts?.account.collection == .auto && facts?.account.paymentMethod != nil
  }
  var unsettled: Attempt? { facts?.attempts.last { $0.state.isUnsettled } }
  var contradicts: Bool { snapshot.contradicts(facts) }
  var isBehind: Bool { snapshot.isAhead(of: facts) }

  func has(_ state: AttemptState) -> Bool {
    facts?.attempts.contains { $0.state == state } ?? false
  }

  /// Another card may have replaced one that was declined for good.
  var isForbidden: Bool {
    facts?.attempts.contains { $0.forbids(facts?.account.paymentMethod) } ?? false
  }

  /// A lost attempt was never made at the gateway: the next one takes its place.
  var wasMade: Bool {
    let made = facts?.attempts.filter { $0.state != .lost }.count ?? 0
    return made >= attempt
  }
}

extension Snapshot {
  /// Belief and ledger are about different things: no later state of the ledger can fix that.
  func contradicts(_ facts: AccountFacts?) -> Bool {
    guard let facts else { return false }
    if facts.account.id != account || facts.account.currency != currency { return true }
    guard let claimed = invoice, let real = facts.invoice else { return invoice == nil }
    return real.id != claimed.id || real.account != account || real.totalMinor != claimed.total
      || real.currency != currency || claimed.open < 0 || claimed.open > max(claimed.total, 0)
  }

  /// The ledger as read has not caught up with what the sender knew.
  func isAhead(of facts: AccountFacts?) -> Bool {
    guard let facts else { return true }
    return facts.position < position
  }
}

/// When a card is retried after a soft decline.
///
/// `days` are strictly ascending and count from the first attempt: `3,5,7` means a second attempt
/// on the third day, a third on the fifth, a fourth on the seventh. After an outage that plan lies
/// in the past; then the gaps between the attempts are kept (3, 2 and 2 days), counted from the end
/// of the last attempt. So two attempts, and the mails about them, are never closer than the plan
/// says.
public struct RetrySchedule: Sendable, Equatable {
  public let days: [Int]

  public init(days: [Int]) {
    self.days = days
  }

  /// `made`: attempts that reached the gateway so far. `nil`: there is no further one.
  public func next(made: Int, first: Instant, last: Instant) -> Instant? {
    guard made >= 1, made <= days.count else { return nil }
    let day = days[made - 1]
    let gap = made == 1 ? day : day - days[made - 2]
    return max(first.adding(days: day), last.adding(days: gap))
  }
}
