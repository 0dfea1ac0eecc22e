/// What the charger has before it when it decides: what the message believed, what the ledger says,
/// and which attempt on the invoice the message asks for.
public struct ChargeSituation: Sendable {
  public var snapshot: Snapshot
  /// `nil`: the ledger does not know the account.
  public var facts: AccountFacts?
  /// 1 for a fresh invoice, n for a due retry.
  public var attempt: Int

  public init(snapshot: Snapshot, facts: AccountFacts?, attempt: Int) {
    self.snapshot = snapshot
    self.facts = facts
    self.attempt = attempt
  }
}

public enum ChargeAction: Sendable, Equatable {
  /// Charge this amount; `leaving` minor units stay open because the customer was not told of them.
  case charge(amountMinor: Int64, leaving: Int64)
  case nothing
  /// Find out what became of this attempt, then decide again.
  case settle(Attempt)
  case wait
  case park
}

extension DecisionTable where Situation == ChargeSituation, Action == ChargeAction {
  /// Card networks punish more attempts than this on one payment within 30 days.
  public static var attemptLimit: Int { 15 }

  /// The charger's published table, in order of precedence.
  public static let charger = DecisionTable(
    "charger", contradictions + settledMatters + amounts)

  private static var contradictions: [DecisionRow<ChargeSituation, ChargeAction>] {
    [
      DecisionRow(
        "charge.unknown-account", found: "the ledger does not know the account yet", .behind,
        does: "retry later, then park", when: { $0.facts == nil }, action: { _ in .wait }),
      DecisionRow(
        "charge.contradiction", found: "other account, currency, invoice or total than the ledger",
        .contradiction, does: "park for a person", when: { $0.contradicts },
        action: { _ in .park }),
      DecisionRow(
        "charge.behind", found: "ledger position below the snapshot's", .behind,
        does: "retry later, then park", when: { $0.isBehind }, action: { _ in .wait }),
      DecisionRow(
        "charge.no-such-invoice", found: "the ledger has caught up and has no such invoice",
        .contradiction, does: "park for a person", when: { $0.invoice == nil },
        action: { _ in .park }),
    ]
  }

  private static var settledMatters: [DecisionRow<ChargeSituation, ChargeAction>] {
    [
      DecisionRow(
        "charge.settle-first", found: "an earlier attempt is in flight or unknown", .unsettled,
        does: "look that attempt up at the gateway first", when: { $0.unsettled != nil },
        action: { $0.unsettled.map(ChargeAction.settle) ?? .wait }),
      DecisionRow(
        "charge.void", found: "the invoice was voided", .material,
        does: "charge nothing, say so", when: { $0.invoice?.status == .void },
        action: { _ in .nothing }),
      DecisionRow(
        "charge.nothing-open", found: "nothing is open", .alreadyDone,
        does: "charge nothing, say so", when: { ($0.invoice?.openMinor ?? 0) <= 0 },
        action: { _ in .nothing }),
      DecisionRow(
        "charge.attempt-parked", found: "an earlier attempt waits for a person", .contradiction,
        does: "park for a person", when: { $0.has(.parked) }, action: { _ in .park }),
      DecisionRow(
        "charge.hard-declined", found: "the card was declined for good", .alreadyDone,
        does: "no further attempt", when: { $0.has(.declinedHard) }, action: { _ in .nothing }),
      DecisionRow(
        "charge.charged-before", found: "the invoice was charged before", .alreadyDone,
        does: "never a second charge, what is open stays open", when: { $0.has(.succeeded) },
        action: { _ in .nothing }),
      DecisionRow(
        "charge.attempt-made", found: "this attempt was made and settled", .alreadyDone,
        does: "nothing more", when: { $0.wasMade }, action: { _ in .nothing }),
      DecisionRow(
        "charge.account-closed", found: "the account is closed", .material,
        does: "charge nothing, say so", when: { $0.facts?.account.closed == true },
        action: { _ in .nothing }),
      DecisionRow(
        "charge.manual", found: "the account pays by itself, as the message said", .same,
        does: "charge nothing, await the payment",
        when: { !$0.isAutomatic && $0.snapshot.collection == .manual }, action: { _ in .nothing }),
      DecisionRow(
        "charge.now-manual", found: "collection is manual now", .material,
        does: "charge nothing, say so", when: { !$0.isAutomatic }, action: { _ in .nothing }),
      DecisionRow(
        "charge.too-many-attempts", found: "the networks' limit of attempts is reached", .material,
        does: "park for a person",
        when: { ($0.facts?.attempts.count ?? 0) >= attemptLimit }, action: { _ in .park }),
    ]
  }

  private static var amounts: [DecisionRow<ChargeSituation, ChargeAction>] {
    [
      DecisionRow(
        "charge.partly-paid", found: "less is open than the snapshot said", .material,
        does: "charge the smaller amount", when: { $0.open < $0.told },
        action: { .charge(amountMinor: $0.open, leaving: 0) }),
      DecisionRow(
        "charge.grown", found: "more is open than the snapshot said", .material,
        does: "charge what the customer was told, leave the rest open",
        when: { $0.open > $0.told && $0.told > 0 },
        action: { .charge(amountMinor: $0.told, leaving: $0.open - $0.told) }),
      DecisionRow(
        "charge.told-nothing", found: "something is open, the snapshot said nothing was", .material,
        does: "park for a person", when: { $0.told <= 0 }, action: { _ in .park }),
      DecisionRow(
        "charge.harmless", found: "the account moved, this invoice did not", .harmless,
        does: "charge the invoice's open amount",
        when: { ($0.facts?.position ?? 0) > $0.snapshot.position },
        action: { .charge(amountMinor: $0.open, leaving: 0) }),
      DecisionRow(
        "charge.same", found: "open amount as in the snapshot", .same, does: "charge it",
        when: { _ in true }, action: { .charge(amountMinor: $0.open, leaving: 0) }),
    ]
  }
}

extension ChargeSituation {
  var invoice: InvoiceFacts? { facts?.invoice }
  var open: Int64 { invoice?.openMinor ?? 0 }
  var told: Int64 { snapshot.invoice?.open ?? 0 }
  var isAutomatic: Bool {
    facts?.account.collection == .auto && facts?.account.paymentMethod != nil
  }
  var unsettled: Attempt? { facts?.attempts.last { $0.state.isUnsettled } }
  var contradicts: Bool { snapshot.contradicts(facts) }
  var isBehind: Bool { snapshot.isAhead(of: facts) }

  func has(_ state: AttemptState) -> Bool {
    facts?.attempts.contains { $0.state == state } ?? false
  }

  /// A lost attempt was never made at the gateway: the next one takes its place.
  var wasMade: Bool {
    let made = facts?.attempts.filter { $0.state != .lost }.count ?? 0
    return made >= attempt
  }
}

extension Snapshot {
  /// Belief and ledger speak of different things: no later state of the ledger can make it right.
  func contradicts(_ facts: AccountFacts?) -> Bool {
    guard let facts else { return false }
    if facts.account.id != account || facts.account.currency != currency { return true }
    guard let told = invoice, let real = facts.invoice else { return invoice == nil }
    return real.id != told.id || real.account != account || real.totalMinor != told.total
      || real.currency != currency || told.open < 0 || told.open > max(told.total, 0)
  }

  /// The ledger as read has not caught up with what the sender knew.
  func isAhead(of facts: AccountFacts?) -> Bool {
    guard let facts else { return true }
    return facts.position < position
  }
}
