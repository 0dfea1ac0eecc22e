/// The holder's question about a debt: is it still there, and past its grace period?
public struct HoldSituation: Sendable {
  public var snapshot: Snapshot
  public var facts: AccountFacts?
  public var now: Instant
  /// `false` if the message says that a grace period is over but the ledger has no such work.
  public var isDue: Bool
  public var gateway: GatewayCurrencies

  public init(
    snapshot: Snapshot, facts: AccountFacts?, now: Instant, isDue: Bool = true,
    gateway: GatewayCurrencies = .stripe
  ) {
    self.snapshot = snapshot
    self.facts = facts
    self.now = now
    self.isDue = isDue
    self.gateway = gateway
  }

  /// When the invoice's grace period ends.
  public var graceEnds: Instant? {
    guard let facts, let invoice = facts.invoice else { return nil }
    return invoice.issuedAt.adding(days: facts.account.holdAfterDays)
  }

  var isInGrace: Bool {
    guard let graceEnds else { return false }
    return now < graceEnds
  }
}

public enum HoldAction: Sendable, Equatable {
  case place
  /// Look again at that time.
  case waitUntil(Instant)
  case nothing
  case wait
  case park
  /// Nothing is written: the message is not one of ours.
  case refuse
}

extension DecisionTable where Situation == HoldSituation, Action == HoldAction {
  public static let holder = DecisionTable(
    "holder",
    [
      DecisionRow(
        "hold.unknown-account", found: "the ledger does not know the account yet", .behind,
        does: "retry later, then park", when: { $0.facts == nil }, action: { _ in .wait }),
      DecisionRow(
        "hold.contradiction", found: "account, currency, invoice or total differ from the ledger",
        .contradiction, does: "park for a person", when: { $0.snapshot.contradicts($0.facts) },
        action: { _ in .park }),
      DecisionRow(
        "hold.behind", found: "ledger position below the snapshot's", .behind,
        does: "retry later, then park", when: { $0.snapshot.isAhead(of: $0.facts) },
        action: { _ in .wait }),
      DecisionRow(
        "hold.no-such-invoice", found: "the ledger has caught up and has no such invoice",
        .contradiction, does: "park for a person", when: { $0.facts?.invoice == nil },
        action: { _ in .park }),
      DecisionRow(
        "hold.not-due", found: "the ledger has no such due work", .contradiction,
        does: "nothing; the message becomes a dead letter", when: { !$0.isDue },
        action: { _ in .refuse }),
      DecisionRow(
        "hold.debt-gone", found: "the debt is paid or voided", .material, does: "place no hold",
        when: { $0.facts?.invoice?.status != .open || ($0.facts?.invoice?.openMinor ?? 0) <= 0 },
        action: { _ in .nothing }),
      DecisionRow(
        "hold.too-small", found: "the open amount is too small to charge to the card", .same,
        does: "place no hold",
        when: {
          guard let facts = $0.facts, let invoice = facts.invoice else { return false }
          return facts.account.isTooSmallToCollect(invoice.openMinor, at: $0.gateway)
        }, action: { _ in .nothing }),
      DecisionRow(
        "hold.in-grace", found: "the debt exists, but its grace period has not ended", .same,
        does: "check again when it ends", when: { $0.isInGrace },
        action: { $0.graceEnds.map(HoldAction.waitUntil) ?? .wait }),
      DecisionRow(
        "hold.already", found: "the account is already on hold", .alreadyDone, does: "nothing more",
        when: { $0.facts?.heldForInvoice != nil }, action: { _ in .nothing }),
      DecisionRow(
        "hold.unsettled", found: "a charge for it is in flight or unknown", .unsettled,
        does: "check again in a day",
        when: { $0.facts?.attempts.contains { $0.state.isUnsettled } ?? false },
        action: { .waitUntil($0.now.adding(days: 1)) }),
      DecisionRow(
        "hold.place", found: "the debt exists and is past its grace period", .same,
        does: "place a hold",
        when: { _ in true }, action: { _ in .place }),
    ])
}

/// The holder's question when money has arrived: can the hold be lifted?
public struct LiftSituation: Sendable {
  public var snapshot: Snapshot
  public var facts: AccountFacts?
  /// Open invoices of the account whose grace period has ended.
  public var overdue: Int

  public init(snapshot: Snapshot, facts: AccountFacts?, overdue: Int) {
    self.snapshot = snapshot
    self.facts = facts
    self.overdue = overdue
  }
}

public enum LiftAction: Sendable, Equatable {
  case lift, keep, nothing, wait, park
}

extension DecisionTable where Situation == LiftSituation, Action == LiftAction {
  public static let lifter = DecisionTable(
    "holder, after a payment",
    [
      DecisionRow(
        "lift.unknown-account", found: "the ledger does not know the account yet", .behind,
        does: "retry later, then park", when: { $0.facts == nil }, action: { _ in .wait }),
      DecisionRow(
        "lift.contradiction", found: "account or currency differ from the ledger", .contradiction,
        does: "park for a person",
        when: {
          $0.facts?.account.id != $0.snapshot.account
            || $0.facts?.account.currency != $0.snapshot.currency
        }, action: { _ in .park }),
      DecisionRow(
        "lift.behind", found: "ledger position below the snapshot's", .behind,
        does: "retry later, then park", when: { $0.snapshot.isAhead(of: $0.facts) },
        action: { _ in .wait }),
      DecisionRow(
        "lift.not-held", found: "there is no hold", .same, does: "nothing",
        when: { $0.facts?.heldForInvoice == nil }, action: { _ in .nothing }),
      DecisionRow(
        "lift.still-overdue", found: "another debt is past its grace period", .material,
        does: "keep the hold", when: { $0.overdue > 0 }, action: { _ in .keep }),
      DecisionRow(
        "lift.paid", found: "nothing past its grace period is owed any longer", .material,
        does: "lift the hold", when: { _ in true }, action: { _ in .lift }),
    ])
}
