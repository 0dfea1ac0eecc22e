import Billing

extension LedgerStore {
  /// The amount of a transaction posted before under this reference: what its money entry (not
  /// receivable, and not customer credit unless that was applied) says.
  public func posted(
    _ kind: Transaction.Kind, account: String, reference: String
  ) async throws -> Int64? {
    try await read(about: [account]) { database in
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
    try await read(.tables) { try TotalsQuery(database: $0, period: period).totals() }
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

  /// The period's usage that has no price: by the catalog its close was started with, or would be,
  /// or by what the closes of later months settled for it.
  public func unpricedUsage(of period: Period) async throws -> UnpricedMetrics {
    try await read(.tables) { try UnpricedQuery(database: $0, period: period).usage() }
  }

  /// How many mails of the period may have been sent twice (`MailRecord.resent`).
  public func mailsResent(_ period: Period) async throws -> Int {
    try await read { database in
      let count = try database.integer(
        "SELECT count(*) FROM mails WHERE period = ? AND reason = ?",
        [period.stored, MailRecord.resent])
      return Int(count ?? 0)
    }
  }

  /// Accounts that wait for a person, in the close's order.
  public func parked(_ period: Period, limit: Int) async throws -> [ParkedAccount] {
    try await read { database in
      try ParkedQuery(database: database).accounts(period, limit: limit)
    }
  }

  public func story(of account: String, period: Period?) async throws -> AccountHistory? {
    try await read { database in
      try AccountHistoryQuery(database: database, account: account, period: period).story()
    }
  }

  /// The period's invoices by number, those after `number`, at most `limit`; `nil`: of any status.
  public func listedInvoices(
    _ period: Period, status: InvoiceStatus?, after number: Int64, limit: Int
  ) async throws -> [ListedInvoice] {
    try await read { database in
      try InvoiceListQuery(database: database).invoices(
        period, status: status, after: number, limit: limit)
    }
  }

  /// What moved an invoice's open amount, in order: its issue first.
  public func postings(on invoice: String) async throws -> [InvoicePosting] {
    try await read { try InvoiceListQuery(database: $0).postings(on: invoice) }
  }

  /// Pending work for later of the period's invoices, by service and kind.
  public func dueTallies(_ period: Period, at now: Instant) async throws -> [DueTally] {
    try await read { database in
      try DueTallyQuery(database: database, period: period).tallies(at: now)
    }
  }

  /// Empty when the store is sound; otherwise what is wrong, a line each.
  public func problems() async throws -> [String] {
    try await read(.tables) { [connections] database in
      let damage = try connections.damage(database, limit: ProblemQuery.limit)
      return try damage.isEmpty ? ProblemQuery(database: database).problems() : damage
    }
  }
}
