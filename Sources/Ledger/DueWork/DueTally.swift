import Billing

/// How much work for later of one kind a service has.
public struct DueTally: Sendable, Equatable {
  public var service: ServiceName
  /// `dueCharge` or `dueGrace`.
  public var kind: EventType
  public var count: Int
  /// Of them, how many are due and not taken up.
  public var overdue: Int
  public var firstAt: Instant

  public init(service: ServiceName, kind: EventType, count: Int, overdue: Int, firstAt: Instant) {
    self.service = service
    self.kind = kind
    self.count = count
    self.overdue = overdue
    self.firstAt = firstAt
  }
}

extension LedgerStore {
  /// Pending work for later of the period's invoices, by service and kind.
  public func dueTallies(_ period: Period, at now: Instant) async throws -> [DueTally] {
    try await read { database in
      try DueTallyQuery(database: database, period: period).tallies(at: now)
    }
  }

  private enum OverdueColumn: String, ColumnList {
    case service
    case count = "count(*)"
  }

  /// Work of before `time` that is still pending, by service: nobody has announced it.
  public func overdueWork(before time: Instant) async throws -> [ServiceName: Int] {
    try await read { database in
      let counts = try database.all(
        """
        SELECT \(OverdueColumn.sql) FROM due_work WHERE state = 'pending' AND due_at < ?
        GROUP BY service
        """, [time.milliseconds], of: OverdueColumn.self
      ) { row in (service: try row.word(.service, ServiceName.self), count: row[.count] as Int) }
      return Dictionary(uniqueKeysWithValues: counts.map { ($0.service, $0.count) })
    }
  }
}

/// Work for later of a period's invoices, counted by what it is.
struct DueTallyQuery {
  let database: any SQLSession
  let period: Period

  private enum Column: String, ColumnList {
    case service = "d.service"
    case kind = "d.kind"
    case count = "count(*)"
    case overdue = "CAST(sum(CASE WHEN d.due_at <= ? THEN 1 ELSE 0 END) AS bigint)"
    case firstAt = "min(d.due_at)"
  }

  func tallies(at now: Instant) throws -> [DueTally] {
    try database.all(
      """
      SELECT \(Column.sql)
      FROM due_work d JOIN invoices i ON i.key = d.invoice
      WHERE i.period = ? AND d.state = 'pending' GROUP BY 1, 2 ORDER BY 1, 2
      """, [now.milliseconds, period.stored], of: Column.self
    ) { row in
      DueTally(
        service: try row.word(.service), kind: try row.word(.kind), count: row[.count],
        overdue: row[.overdue], firstAt: Instant(milliseconds: row[.firstAt]))
    }
  }
}
