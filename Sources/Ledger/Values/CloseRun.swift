import Billing

public enum RunState: String, Sendable, Codable {
  case running, closed
}

/// A close of one period: its expected set was fixed when the trigger was handled.
public struct CloseRun: Sendable, Equatable {
  public var period: Period
  public var state: RunState
  public var requestedBy: String
  public var startedAt: Instant
  public var closedAt: Instant?
  public var expected: Int
  public var ranges: Int
  public var rangeSize: Int

  public init(
    period: Period, state: RunState, requestedBy: String, startedAt: Instant, closedAt: Instant?,
    expected: Int, ranges: Int, rangeSize: Int
  ) {
    self.period = period
    self.state = state
    self.requestedBy = requestedBy
    self.startedAt = startedAt
    self.closedAt = closedAt
    self.expected = expected
    self.ranges = ranges
    self.rangeSize = rangeSize
  }
}

/// One row of a usage file.
public struct UsageRow: Sendable, Equatable {
  public var eventID: String
  public var account: String
  public var metric: String
  public var quantity: ExactDecimal
  public var start: Instant
  public var end: Instant
  /// For messages about the row.
  public var line: Int

  public init(
    eventID: String, account: String, metric: String, quantity: ExactDecimal, start: Instant,
    end: Instant, line: Int
  ) {
    self.eventID = eventID
    self.account = account
    self.metric = metric
    self.quantity = quantity
    self.start = start
    self.end = end
    self.line = line
  }
}

public struct ImportCount: Sendable, Equatable {
  public var added: Int
  public var changed: Int
  /// Already there with the same content.
  public var unchanged: Int

  public init(added: Int = 0, changed: Int = 0, unchanged: Int = 0) {
    self.added = added
    self.changed = changed
    self.unchanged = unchanged
  }
}

/// A row of an import that the ledger refuses, by its place in the file.
public struct RefusedRow: Sendable, Equatable {
  public var line: Int
  public var column: String
  public var reason: String

  public init(line: Int, column: String, reason: String) {
    self.line = line
    self.column = column
    self.reason = reason
  }
}
