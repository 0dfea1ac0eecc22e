import Billing

/// How an account stands to the close of a month.
public enum CloseStanding: Sendable, Equatable {
  /// It is in it, or would be if the close were started now.
  case member
  /// It came after the start, and would be in it if it were started now.
  case late
  /// Its first day is after the month, and it has no usage that the close bills.
  case notBegun
  /// Its last day is before the month, and it has no usage that the close bills.
  case ended
}

/// Usage of months in which an account is not a customer on every day.
public struct DatedUsage: Sendable, Equatable {
  public var account: String
  public var periods: [Period]
  public var start: Instant?
  public var end: Instant?

  public init(account: String, periods: [Period], start: Instant?, end: Instant?) {
    self.account = account
    self.periods = periods
    self.start = start
    self.end = end
  }
}

/// How many events of it began before the account did, and how many when it had ended.
public struct UsageOutside: Sendable, Equatable {
  public var beforeStart: Int
  public var afterEnd: Int

  public init(beforeStart: Int = 0, afterEnd: Int = 0) {
    self.beforeStart = beforeStart
    self.afterEnd = afterEnd
  }

  public var isNone: Bool { beforeStart == 0 && afterEnd == 0 }
}
