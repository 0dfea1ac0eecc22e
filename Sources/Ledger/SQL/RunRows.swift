import Billing

struct RunRows {
  let database: any SQLSession

  init(_ database: any SQLSession) {
    self.database = database
  }

  private static let sql = """
    SELECT period, state, requested_by, started_at, closed_at, expected, ranges, range_size
    FROM close_runs
    """

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

  private func decoded(_ row: Row) throws -> CloseRun {
    CloseRun(
      period: try Period(stored: row[0]), state: try row.word(1), requestedBy: row[2],
      startedAt: Instant(milliseconds: row[3]), closedAt: Instant(stored: row[4]),
      expected: row[5], ranges: row[6], rangeSize: row[7])
  }
}
