import Billing

/// When and how often a declined card is tried again, and how long the gateway knows a key.
public struct ChargePolicy: Sendable {
  public var retries: RetrySchedule
  /// Stripe prunes keys after 24 hours; an hour is left for clocks that differ.
  public var keyWindowSeconds: Int64 = 23 * 3600
  /// From then on, a payment that cannot be found was never made.
  public var forgottenSeconds: Int64 { keyWindowSeconds + 3600 }
  /// A request sent longer ago is no longer in progress, and a search finds its outcome, even if
  /// the clocks of two machines differ by up to half an hour.
  public var quietSeconds: Int64 = 2400
  /// An attempt is sent without a lookup only within this time after it was recorded.
  public var freshSeconds: Int64 = 300
  public var inFlight: Int

  public init(retryDays: [Int], inFlight: Int) {
    self.retries = RetrySchedule(days: retryDays)
    self.inFlight = inFlight
  }
}
