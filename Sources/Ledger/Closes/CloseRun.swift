import Billing

public struct RunRequest: Sendable {
  public var period: Period
  public var messageID: String
  /// What the trigger says it comes from.
  public var source: String
  public var rangeSize: Int
  public var at: Instant

  public init(
    period: Period, messageID: String, source: String = "/closectl", rangeSize: Int, at: Instant
  ) {
    self.period = period
    self.messageID = messageID
    self.source = source
    self.rangeSize = rangeSize
    self.at = at
  }
}

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
  /// Of a CloudEvent, which is unique by source and id; a table's rows have none.
  public var source: String?

  public init(
    eventID: String, account: String, metric: String, quantity: ExactDecimal, start: Instant,
    end: Instant, line: Int, source: String? = nil
  ) {
    self.source = source
    self.eventID = eventID
    self.account = account
    self.metric = metric
    self.quantity = quantity
    self.start = start
    self.end = end
    self.line = line
  }
}

/// What became of the rows of a file, or would have, where it was not kept.
public struct ImportOutcome: Sendable, Equatable {
  public var count: ImportCount
  public var refused: [RefusedRow]
  /// What the accounts of a usage file have in its months of metrics without a price.
  public var unpriced: UnpricedMetrics
  /// Invoiced months of an accounts file's accounts that have other days now.
  public var movedDays: MovedDays

  public init(
    count: ImportCount = ImportCount(), refused: [RefusedRow] = [],
    unpriced: UnpricedMetrics = UnpricedMetrics(), movedDays: MovedDays = MovedDays()
  ) {
    self.count = count
    self.refused = refused
    self.unpriced = unpriced
    self.movedDays = movedDays
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
  /// True for a form in which the whole column is written: it is reported once a file.
  public var isOfColumn: Bool

  public init(line: Int, column: String, reason: String, isOfColumn: Bool = false) {
    self.line = line
    self.column = column
    self.reason = reason
    self.isOfColumn = isOfColumn
  }
}
