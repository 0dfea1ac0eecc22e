import Billing

/// Where the accounts of a close are.
public struct Progress: Sendable, Equatable {
  public var run: CloseRun
  public var finished: Int
  /// Accounts that have reached each milestone: `invoiced`, `settled`, `invoice_mailed`,
  /// `outcome_mailed`.
  public var milestones: [String: Int]
  /// Accounts by their end.
  public var ends: [AccountEnd: Int]
  /// Up to 20 accounts that are not finished, by id.
  public var stragglers: [Straggler]

  public struct Straggler: Sendable, Equatable {
    public var account: String
    public var reached: Milestone
    public init(account: String, reached: Milestone) {
      self.account = account
      self.reached = reached
    }
  }

  public init(
    run: CloseRun, finished: Int, milestones: [String: Int], ends: [AccountEnd: Int],
    stragglers: [Straggler]
  ) {
    self.run = run
    self.finished = finished
    self.milestones = milestones
    self.ends = ends
    self.stragglers = stragglers
  }
}

/// An account of a close that waits for a person, with the decision that put it there.
public struct ParkedAccount: Sendable, Equatable {
  public var account: String
  /// `nil`: it was never invoiced.
  public var invoice: String?
  public var rule: String
  public var why: String
  public var at: Instant?

  public init(account: String, invoice: String?, rule: String, why: String, at: Instant?) {
    self.account = account
    self.invoice = invoice
    self.rule = rule
    self.why = why
    self.at = at
  }
}

extension LedgerStore {
  public func progress(_ period: Period) async throws -> Progress? {
    try await read(.tables) {
      try ProgressQuery(database: $0, period: period).progress()
    }
  }

  /// Accounts that wait for a person, in the close's order.
  public func parked(_ period: Period, limit: Int) async throws -> [ParkedAccount] {
    try await read { database in
      try ParkedQuery(database: database).accounts(period, limit: limit)
    }
  }
}

struct ProgressQuery {
  let database: any SQLSession
  let period: Period

  private static let milestones: [(name: String, bit: Milestone)] = [
    ("invoiced", .invoiced), ("settled", .settled), ("invoice_mailed", .invoiceMailed),
    ("outcome_mailed", .outcomeMailed),
  ]

  private enum GroupColumn: String, ColumnList {
    case milestones, ended
    case count = "count(*)"
  }

  func progress() throws -> Progress? {
    guard let run = try RunRows(database).run(period) else { return nil }
    var progress = Progress(
      run: run, finished: 0, milestones: [:], ends: [:], stragglers: try stragglers())
    for (name, _) in Self.milestones { progress.milestones[name] = 0 }
    let groups = try database.all(
      "SELECT \(GroupColumn.sql) FROM close_members WHERE period = ? GROUP BY 1, 2",
      [period.stored], of: GroupColumn.self
    ) { row in
      (
        reached: Milestone(rawValue: row[.milestones]),
        end: row.isNull(.ended) ? nil : try row.word(.ended, AccountEnd.self),
        count: row[.count] as Int
      )
    }
    for group in groups {
      for (name, bit) in Self.milestones where group.reached.contains(bit) {
        progress.milestones[name, default: 0] += group.count
      }
      guard let end = group.end else { continue }
      progress.ends[end, default: 0] += group.count
      if group.reached.isSuperset(of: .all) { progress.finished += group.count }
    }
    return progress
  }

  private enum StragglerColumn: String, ColumnList {
    case account = "a.id"
    case milestones = "m.milestones"
  }

  private func stragglers() throws -> [Progress.Straggler] {
    try database.all(
      """
      SELECT \(StragglerColumn.sql) FROM close_members m JOIN accounts a ON a.key = m.account
      WHERE m.period = ? AND NOT (\(Milestone.isFinished))
      ORDER BY m.place LIMIT 20
      """, [period.stored],
      of: StragglerColumn.self
    ) { row in
      Progress.Straggler(
        account: row[.account], reached: Milestone(rawValue: row[.milestones]))
    }
  }
}

/// Accounts of a close that wait for a person, each with the decision that put it there.
struct ParkedQuery {
  let database: any SQLSession

  private enum Column: String, ColumnList {
    case account = "a.id"
    case invoice = "i.id"
    case rule = "d.rule"
    case why = "d.explanation"
    case decidedAt = "d.decided_at"
  }

  func accounts(_ period: Period, limit: Int) throws -> [ParkedAccount] {
    try database.all(
      """
      SELECT \(Column.sql)
      FROM close_members m JOIN accounts a ON a.key = m.account
      LEFT JOIN invoices i
        ON \(InvoiceOfMonth.matches(account: "m.account", period: "m.period"))
      LEFT JOIN decisions d ON d.sequence = (
        SELECT max(x.sequence) FROM decisions x WHERE x.account = m.account AND x.account <> 0
          AND x.period = m.period AND x.service IN ('charger', 'invoicer'))
      WHERE m.period = ? AND m.ended = 'parked' ORDER BY m.place LIMIT ?
      """, [period.stored, limit], of: Column.self
    ) { row in
      ParkedAccount(
        account: row[.account], invoice: row[.invoice], rule: row[.rule] ?? "",
        why: row[.why] ?? "", at: Instant(stored: row[.decidedAt]))
    }
  }
}
