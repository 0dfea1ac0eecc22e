import Billing

extension LedgerStore {
  public func posted(
    _ kind: Transaction.Kind, account: String, reference: String
  ) async throws -> Int64? {
    try await connections.read { database in
      try database.integer(
        """
        SELECT CAST(sum(e.amount_minor) AS bigint) FROM accounts a
        JOIN transactions t ON t.account = a.key JOIN entries e ON e.sequence = t.sequence
        WHERE a.id = ? AND t.kind = ? AND t.reference = ?
          AND e.ledger_account NOT IN ('receivable', ?)
        """,
        [
          account, kind.rawValue, reference,
          // Applied credit comes from there; of money it is what was left over.
          kind == .creditApplied ? "" : LedgerAccount.customerCredit.name,
        ])
    }
  }

  public func totals(_ period: Period) async throws -> [FinanceTotals] {
    try await connections.read(.tables) { try TotalsQuery(database: $0, period: period).totals() }
  }

  private enum OverdueColumn: String, ColumnList {
    case service
    case count = "count(*)"
  }

  public func overdueWork(before time: Instant) async throws -> [ServiceName: Int] {
    try await connections.read { database in
      let counts = try database.all(
        """
        SELECT \(OverdueColumn.sql) FROM due_work WHERE state = 'pending' AND due_at < ?
        GROUP BY service
        """, [time.milliseconds], of: OverdueColumn.self
      ) { row in (service: try row.word(.service, ServiceName.self), count: row[.count] as Int) }
      return Dictionary(uniqueKeysWithValues: counts.map { ($0.service, $0.count) })
    }
  }

  public func unpricedUsage(of period: Period) async throws -> UnpricedMetrics {
    try await connections.read(.tables) { try UnpricedQuery(database: $0, period: period).usage() }
  }

  public func mailsResent(_ period: Period) async throws -> Int {
    try await connections.read { database in
      let count = try database.integer(
        "SELECT count(*) FROM mails WHERE period = ? AND reason = ?",
        [period.stored, MailRecord.resent])
      return Int(count ?? 0)
    }
  }

  public func parked(_ period: Period, limit: Int) async throws -> [ParkedAccount] {
    try await connections.read { database in
      try ParkedQuery(database: database).accounts(period, limit: limit)
    }
  }

  public func story(of account: String, period: Period?) async throws -> AccountHistory? {
    try await connections.read { database in
      try AccountHistoryQuery(database: database, account: account, period: period).story()
    }
  }

  public func listedInvoices(
    _ period: Period, status: InvoiceStatus?, after number: Int64, limit: Int
  ) async throws -> [ListedInvoice] {
    try await connections.read { database in
      try InvoiceListQuery(database: database).invoices(
        period, status: status, after: number, limit: limit)
    }
  }

  public func postings(on invoice: String) async throws -> [InvoicePosting] {
    try await connections.read { try InvoiceListQuery(database: $0).postings(on: invoice) }
  }

  public func dueTallies(_ period: Period, at now: Instant) async throws -> [DueTally] {
    try await connections.read { database in
      try DueTallyQuery(database: database, period: period).tallies(at: now)
    }
  }

  public func problems() async throws -> [String] {
    try await connections.read(.tables) { [connections] database in
      let damage = try connections.damage(database, limit: ProblemQuery.limit)
      return try damage.isEmpty ? ProblemQuery(database: database).problems() : damage
    }
  }
}
