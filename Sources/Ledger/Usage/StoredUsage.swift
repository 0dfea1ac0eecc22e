import Billing

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

enum MetricColumns: String, ColumnList {
  case key, name

  /// All that usage was ever imported of.
  static func keys(_ database: any SQLSession) throws -> [String: Int64] {
    let metrics = try database.all("SELECT \(sql) FROM metrics", of: Self.self) { row in
      (row[.name] as String, row[.key] as Int64)
    }
    return Dictionary(uniqueKeysWithValues: metrics)
  }
}

/// A row of usage as it is stored, to be compared with one that comes under the same id.
struct StoredUsage {
  var eventID: String
  var metric: String
  var quantity: ExactDecimal?
  var start: Int64
  var end: Int64

  private enum Column: String, ColumnList {
    case eventID = "u.event_id"
    case metric = "m.name"
    case coefficient = "u.coefficient"
    case scale = "u.scale"
    case start = "u.starts_at"
    case end = "u.ends_at"
  }

  private static let select =
    "SELECT \(Column.sql) FROM usage u JOIN metrics m ON m.key = u.metric"

  private init(_ row: Record<Column>) {
    eventID = row[.eventID]
    metric = row[.metric]
    quantity = ExactDecimal(coefficient: row[.coefficient], scale: row[.scale])
    start = row[.start]
    end = row[.end]
  }

  static func find(
    _ database: any SQLSession, _ account: Int64, _ eventID: String
  ) throws -> StoredUsage? {
    try database.first(
      "\(select) WHERE u.account = ? AND u.event_id = ?", [account, eventID], StoredUsage.init)
  }

  /// The CloudEvents with this id, of whatever source.
  static func findWithSources(
    _ database: any SQLSession, _ account: Int64, _ eventID: String
  ) throws -> [StoredUsage] {
    try database.all(
      "\(select) WHERE u.account = ? AND u.event_id > ? AND u.event_id < ? ORDER BY u.event_id",
      [account, eventID + UsageRow.beforeSource, eventID + UsageRow.afterSources],
      StoredUsage.init)
  }

  /// As shown to people.
  static func name(_ storedEventID: String) -> String {
    storedEventID.split(separator: UsageRow.beforeSource, maxSplits: 1).map { "\"\($0)\"" }
      .joined(separator: " of ")
  }

  /// `nil`: it is the same usage.
  func differingColumn(_ row: UsageRow) -> String? {
    if metric != row.metric { return "metric" }
    if start != row.start.milliseconds { return "start" }
    if quantity != row.quantity { return "quantity" }
    return end == row.end.milliseconds ? nil : "end"
  }
}

extension UsageRow {
  /// What makes it the same one again. Of a table it is the event's id. Of a CloudEvent it is the
  /// id with the source behind it, for only both together are unique; between them stands a control
  /// character, which no id can contain.
  var storedEventID: String { source.map { eventID + Self.beforeSource + $0 } ?? eventID }

  static let beforeSource = "\u{1f}"
  /// The next character: all that is stored of an id with a source is between these two.
  static let afterSources = "\u{20}"

  /// As shown to people.
  var name: String { StoredUsage.name(storedEventID) }
}
