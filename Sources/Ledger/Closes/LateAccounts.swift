import Billing

/// Accounts that are not in a close and would be, were it started now.
public struct LateAccounts: Sendable, Equatable {
  public var count: Int
  /// Those with usage of the month that no invoice contains.
  public var withUsage: Int
  /// The first of them, by id.
  public var first: [String]

  public init(count: Int = 0, withUsage: Int = 0, first: [String] = []) {
    self.count = count
    self.withUsage = withUsage
    self.first = first
  }
}

/// Accounts that a trigger entered into a close, in ranges of their own: all there were when it was
/// opened, those that came later afterwards.
public struct RunGrowth: Sendable, Equatable {
  /// As it is now.
  public var run: CloseRun
  public var ranges: Range<Int>
  public var accounts: Int
  /// It was opened with them.
  public var isFirst: Bool

  public init(run: CloseRun, ranges: Range<Int>, accounts: Int, isFirst: Bool) {
    self.run = run
    self.ranges = ranges
    self.accounts = accounts
    self.isFirst = isFirst
  }

  /// `2 accounts that came later were taken in`
  public var sentence: String {
    accounts == 1
      ? "1 account that came later was added"
      : "\(accounts) accounts that came later were added"
  }
}
