import Billing

/// A charge as the gateway lists it, regardless of its origin.
public struct GatewayCharge: Sendable, Equatable {
  public enum State: String, Sendable {
    case succeeded, failed, pending
  }
  /// `ch_…`
  public var id: String
  /// `pi_…`: what the ledger keeps as the attempt's gateway id.
  public var payment: String?
  /// From the metadata; `nil` if the charge is not ours or does not say so.
  public var invoice: String?
  public var attempt: Int?
  public var amountMinor: Int64
  public var refundedMinor: Int64
  public var currency: String
  public var state: State
  /// By the gateway's clock.
  public var createdAt: Instant?

  /// Money was charged and not refunded.
  public var isTaken: Bool { state == .succeeded && refundedMinor < amountMinor }

  public init(
    id: String, payment: String?, invoice: String?, attempt: Int?, amountMinor: Int64,
    refundedMinor: Int64 = 0, currency: String, state: State, createdAt: Instant? = nil
  ) {
    self.id = id
    self.payment = payment
    self.invoice = invoice
    self.attempt = attempt
    self.amountMinor = amountMinor
    self.refundedMinor = refundedMinor
    self.currency = currency
    self.state = state
    self.createdAt = createdAt
  }
}

public struct GatewayChargePage: Sendable, Equatable {
  public var charges: [GatewayCharge]
  public var hasMore: Bool

  public init(charges: [GatewayCharge], hasMore: Bool) {
    self.charges = charges
    self.hasMore = hasMore
  }
}

public typealias ChargeListing =
  @Sendable (_ since: Instant, _ after: String?) async throws -> GatewayChargePage

/// Why the gateway's charges could not be listed. Without them nothing is proved.
public enum GatewayListFault: Error, Equatable, CustomStringConvertible {
  case unauthorized(status: Int)
  case unreachable(String)
  case unreadable(String)
  /// A gateway that is not asked for lists.
  case unlisted

  public var description: String {
    switch self {
    case .unauthorized(let status): "the payment gateway rejects our key: status \(status)"
    case .unreachable(let why) where why.hasPrefix("the payment gateway"): why
    case .unreachable(let why): "the payment gateway cannot be reached: \(why)"
    case .unreadable(let why): "the payment gateway's list of charges cannot be read: \(why)"
    case .unlisted: "this payment gateway cannot list its charges"
    }
  }
}
