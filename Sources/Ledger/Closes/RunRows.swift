import Billing

struct RunRows {
  let database: any SQLSession

  init(_ database: any SQLSession) {
    self.database = database
  }

  private enum Column: String, ColumnList {
    case period, state
    case requestedBy = "requested_by"
    case startedAt = "started_at"
    case closedAt = "closed_at"
    case expected, ranges
    case rangeSize = "range_size"
  }

  private static let sql = "SELECT \(Column.sql) FROM close_runs"

  func run(_ period: Period) throws -> CloseRun? {
    try database.first("\(Self.sql) WHERE period = ?", [period.stored], decoded)
  }

  /// No other transaction changes it until this one ends.
  func lockedRun(_ period: Period) throws -> CloseRun? {
    try database.first(
      "\(Self.sql) WHERE period = ? \(database.dialect.forUpdate)", [period.stored], decoded)
  }

  func all() throws -> [CloseRun] {
    try database.all("\(Self.sql) ORDER BY period", [], decoded)
  }

  private func decoded(_ row: Record<Column>) throws -> CloseRun {
    CloseRun(
      period: try Period(stored: row[.period]), state: try row.word(.state),
      requestedBy: row[.requestedBy], startedAt: Instant(milliseconds: row[.startedAt]),
      closedAt: Instant(stored: row[.closedAt]), expected: row[.expected],
      ranges: row[.ranges], rangeSize: row[.rangeSize])
  }
}
