/// A charge that the gateway holds for an invoice but that no attempt in the ledger accounts for
/// yet: forgotten by a restored ledger, or made by hand.
public struct FoundCharge: Sendable, Equatable {
  public enum State: String, Sendable, CaseIterable {
    case succeeded, failed
  }
  /// `ch_…`
  public var id: String
  /// `pi_…`: at most one of its charges succeeds.
  public var payment: String?
  /// From its metadata; `nil`: not made by the charger.
  public var attempt: Int?
  public var amountMinor: Int64
  public var refundedMinor: Int64
  /// As the gateway reports it, in capitals; not all of its currencies are known here.
  public var currency: String
  public var state: State
  public var madeAt: Instant?
  /// An attempt already accounts for it, on this invoice or on another.
  public var isCounted: Bool

  public init(
    id: String, payment: String?, attempt: Int?, amountMinor: Int64, refundedMinor: Int64 = 0,
    currency: String, state: State, madeAt: Instant?, isCounted: Bool = false
  ) {
    self.id = id
    self.payment = payment
    self.attempt = attempt
    self.amountMinor = amountMinor
    self.refundedMinor = refundedMinor
    self.currency = currency
    self.state = state
    self.madeAt = madeAt
    self.isCounted = isCounted
  }
}

extension ChargeSituation {
  /// Money at the gateway that can be credited to the invoice as it is.
  var foundMoney: FoundCharge? { money.first { !isUnclear($0) } }

  /// Money at the gateway that only a person can identify.
  var foundUnclear: FoundCharge? { money.first(where: isUnclear) }

  /// A failed attempt of ours that the ledger has forgotten. The last one counts: none of those
  /// before it was a hard decline.
  var foundFailure: FoundCharge? {
    let last = facts?.attempts.map(\.number).max() ?? 0
    return found.filter { $0.state == .failed && ($0.attempt ?? 0) > last }
      .max { ($0.attempt ?? 0) < ($1.attempt ?? 0) }
  }

  /// An invoice is paid by one charge; the audit reports any other charge for it.
  private var money: [FoundCharge] {
    has(.succeeded) ? [] : found.filter { $0.state == .succeeded && !$0.isCounted }
  }

  private func isUnclear(_ charge: FoundCharge) -> Bool {
    charge.currency != facts?.account.currency.code || charge.refundedMinor > 0
      || charge.amountMinor <= 0
  }
}
