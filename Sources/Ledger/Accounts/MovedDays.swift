import Billing

/// Months that are invoiced with other days than the account's dates say by now. What was invoiced
/// stays as it is: whether money is given back, a person decides.
public struct MovedDays: Sendable, Equatable {
  public struct Month: Sendable, Equatable {
    public var account: String
    public var period: Period
    public var invoiced: ActiveDays
    public var now: ActiveDays

    public init(account: String, period: Period, invoiced: ActiveDays, now: ActiveDays) {
      self.account = account
      self.period = period
      self.invoiced = invoiced
      self.now = now
    }
  }

  /// How many are kept by name.
  public static let most = 20

  public private(set) var count = 0
  public private(set) var first: [Month] = []

  public init(_ months: [Month] = []) {
    for month in months { add(month) }
  }

  mutating func add(_ month: Month) {
    count += 1
    if first.count < Self.most { first.append(month) }
  }
}
