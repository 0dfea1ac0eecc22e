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
          AND e.ledger_account NOT IN ('receivable', 'customer_credit')
        """, [account, kind.rawValue, reference])
    }
  }

  public func totals(_ period: Period) async throws -> [FinanceTotals] {
    try await connections.read(.tables) { try TotalsQuery(database: $0, period: period).totals() }
  }

  public func mailsResent(_ period: Period) async throws -> Int {
    try await connections.read { database in
      let count = try database.integer(
        "SELECT count(*) FROM mails WHERE period = ? AND reason = ?",
        [period.stored, MailRecord.resent])
      return Int(count ?? 0)
    }
  }

  public func story(of account: String, period: Period?) async throws -> AccountStory? {
    try await connections.read { database in
      try StoryQuery(database: database, account: account, period: period).story()
    }
  }

  public func problems() async throws -> [String] {
    try await connections.read(.tables) { [connections] database in
      let damage = try connections.damage(database, limit: ProblemQuery.limit)
      return try damage.isEmpty ? ProblemQuery(database: database).problems() : damage
    }
  }
}
