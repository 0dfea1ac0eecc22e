import Billing
import Ledger
import Payments

/// How the ledger knows one charge in the gateway's list.
public enum ChargeStanding: Equatable, Sendable {
  /// It names no invoice in the form of ours.
  case foreign
  /// Its attempt is finished in the ledger: the ledger's memory reaches this charge.
  case settled
  /// It is known but proves nothing: in progress, waiting for a person, or without effect.
  case known
  /// Made by an attempt the ledger does not have. Only a ledger that has lost data lacks it.
  case forgotten
  /// Money for one of our invoices that no attempt of ours took: by hand, or after a decline.
  case stray

  public init(_ charge: GatewayCharge, _ remembered: RememberedCharge) {
    self = Self.classify(charge, remembered)
  }

  private static func classify(
    _ charge: GatewayCharge, _ remembered: RememberedCharge
  ) -> ChargeStanding {
    guard let invoice = charge.invoice, charge.period != nil else { return .foreign }
    if remembered.decision != nil { return .known }
    if let counted = remembered.countedFor { return counted == invoice ? .settled : .known }
    guard charge.attempt != nil else {
      if charge.state == .failed { return .foreign }
      guard remembered.isInvoiceKnown else { return .forgotten }
      return charge.isTaken ? .stray : .known
    }
    switch remembered.attempt {
    case nil: return .forgotten
    case .sent, .unknown, .parked: return .known
    case .succeeded, .declinedSoft, .declinedHard, .lost:
      if charge.isTaken { return .stray }
      return charge.state == .failed && remembered.attempt != .lost ? .settled : .known
    }
  }
}

/// Walks from the newest charge at the gateway back to one that the ledger remembers. Earlier
/// charges, in the gateway's order, were made before the moment up to which the ledger remembers.
struct GatewayWalk {
  private(set) var forgotten = 0
  private(set) var newest: GatewayCharge?
  /// Of the invoices that forgotten charges name.
  private(set) var periods: Set<Period> = []
  private(set) var strays: [GatewayCharge] = []
  private(set) var compared = 0

  /// A page, newest first, and what the ledger has of each. Returns whether the walk is over: the
  /// page holds a charge the ledger remembers, and nothing it has forgotten below that.
  mutating func take(_ page: [GatewayCharge], _ remembered: [RememberedCharge]) -> Bool {
    var isOver = false
    for (charge, memory) in zip(page, remembered) {
      compared += 1
      switch ChargeStanding(charge, memory) {
      case .settled: isOver = true
      case .forgotten:
        isOver = false
        forgotten += 1
        if newest == nil { newest = charge }
        if let period = charge.period { periods.insert(period) }
      case .stray: strays.append(charge)
      case .known, .foreign: break
      }
    }
    return isOver
  }

  /// Why nothing may be charged; `nil` if the ledger has forgotten nothing.
  var fault: Fault? {
    guard let newest else { return nil }
    let orders = periods.sorted().map { "`closectl reconcile \($0)`" }.joined(separator: ", ")
    let what = forgotten == 1 ? "a charge" : "\(forgotten) charges"
    return Fault(
      .ledgerForgot,
      "the gateway holds \(what) for our invoices that this ledger does not know, the newest "
        + "\(newest.id) for \(newest.invoice ?? "")"
        + (newest.createdAt.map { " made at \($0.rfc3339)" } ?? "")
        + ": a restored or wrong ledger. Charging pauses until \(orders) has taken over what was "
        + "charged")
  }
}

extension GatewayCharge {
  /// The period of the invoice it names, if that has the form of ours: `2026-11/meter-1`.
  public var period: Period? { invoice.flatMap(Period.init(ofInvoice:)) }

  public var name: ChargeName {
    ChargeName(charge: id, payment: payment, invoice: invoice ?? "", attempt: attempt)
  }
}

extension Period {
  init?(ofInvoice id: String) {
    let parts = id.split(separator: "/", maxSplits: 1)
    guard parts.count == 2 else { return nil }
    do { try self.init(parts[0]) } catch { return nil }  // Another program's invoice.
  }

  /// No charge for an invoice of this period is older, whatever the account's time zone; a day is
  /// added for clocks that differ.
  public var firstPossibleCharge: Instant {
    Instant(milliseconds: Int64(daysSinceEpoch) * 86_400_000).adding(days: -2)
  }
}

extension GatewayChargeRecord {
  /// `nil` if it names no invoice, or is still pending.
  public init?(
    _ charge: GatewayCharge, _ decision: Decision, by operatorName: String, reason: String
  ) {
    guard let state = FoundCharge.State(rawValue: charge.state.rawValue) else { return nil }
    guard let invoice = charge.invoice ?? (decision == .foreign ? "" : nil) else { return nil }
    self.init(
      charge: FoundCharge(
        id: charge.id, payment: charge.payment, attempt: charge.attempt,
        amountMinor: charge.amountMinor, refundedMinor: charge.refundedMinor,
        currency: charge.currency, state: state, madeAt: charge.createdAt),
      invoice: invoice, decision: decision, operatorName: operatorName, reason: reason)
  }

  /// Recorded, and if the invoice is in the ledger, the charger is notified.
  public func change(
    by service: ServiceName, _ decided: DecisionRecord?, schedules: Bool, at now: Instant
  ) -> Change {
    var writes: [Write] = [.record(self)]
    let account = invoice.split(separator: "/", maxSplits: 1).last.map(String.init)
    if schedules, let account {
      writes.append(
        .schedule(
          DueWork(
            service: .charger, kind: .dueCharge,
            reference: "\(DueWork.aboutFound(invoice: invoice))\(charge.id):1",
            account: account, invoice: invoice, dueAt: now, causationID: nil)))
    }
    return Change(
      service: service, messageID: "gateway-charge:\(charge.id)",
      account: schedules ? account : nil, decision: decided, writes: writes, at: now)
  }
}
