import Billing

/// Which mails are asked for. All that is given has to hold.
public struct MailQuestion: Sendable {
  public var period: Period?
  public var account: String?
  public var kind: MailKind?
  public var state: MailRecord.State?
  /// The events they tell of.
  public var abouts: [String]?
  public var limit: Int

  public init(
    period: Period? = nil, account: String? = nil, kind: MailKind? = nil,
    state: MailRecord.State? = nil, abouts: [String]? = nil, limit: Int = .max
  ) {
    self.period = period
    self.account = account
    self.kind = kind
    self.state = state
    self.abouts = abouts
    self.limit = limit
  }
}

/// Mails of a period that share their state and, unless they were sent, its reason.
public struct MailCount: Sendable, Equatable {
  public var state: MailRecord.State
  public var reason: String?
  public var mails: Int
  /// When the first of them was decided on.
  public var since: Instant

  public init(state: MailRecord.State, reason: String?, mails: Int, since: Instant) {
    self.state = state
    self.reason = reason
    self.mails = mails
    self.since = since
  }
}

extension LedgerStore {
  /// Mails, in the order in which they were decided on.
  public func mailList(_ question: MailQuestion) async throws -> [MailRecord] {
    guard let abouts = question.abouts else {
      return try await read(.tables) { try MailQuery(database: $0).mails(question) }
    }
    return try await read { database in
      try abouts.flatMap { try MailQuery(database: database).mails(question, about: $0) }
    }
  }

  private enum CountColumn: String, ColumnList {
    case state
    case reason = "CASE WHEN state IN ('intended', 'refused') THEN reason END"
    case mails = "count(*)"
    case since = "min(recorded_at)"
  }

  /// How many mails of the period are in which state, those that are tried again and those that
  /// were refused by the reason that is recorded.
  public func mailCounts(_ period: Period) async throws -> [MailCount] {
    try await read(.tables) { database in
      try database.all(
        """
        SELECT \(CountColumn.sql)
        FROM mails WHERE period = ? GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2
        """, [period.stored], of: CountColumn.self
      ) { row in
        MailCount(
          state: try row.word(.state), reason: row[.reason], mails: row[.mails],
          since: Instant(milliseconds: row[.since]))
      }
    }
  }

  /// When a mail was last recorded as sent, of all periods.
  public func lastMailSent() async throws -> Instant? {
    try await read(.tables) { database in
      Instant(
        stored: try database.integer("SELECT max(ended_at) FROM mails WHERE state = 'sent'"))
    }
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
}

private struct MailQuery {
  let database: any SQLSession

  private enum Owner: String, ColumnList { case id = "a.id" }

  func mails(_ question: MailQuestion, about: String? = nil) throws -> [MailRecord] {
    let places = about == nil ? "" : "m.about = ? AND "
    var values: SQLValues = []
    if let about { values.append(about) }
    values += [
      question.period?.stored, question.period?.stored, question.account, question.account,
      question.kind?.rawValue, question.kind?.rawValue, question.state?.rawValue,
      question.state?.rawValue, question.limit,
    ]
    return try database.all(
      """
      SELECT \(MailColumns.sql), \(Owner.sql) FROM mails m JOIN accounts a ON a.key = m.account
      WHERE \(places)(CAST(? AS bigint) IS NULL OR m.period = ?)
        AND (CAST(? AS text) IS NULL OR a.id = ?) AND (CAST(? AS text) IS NULL OR m.kind = ?)
        AND (CAST(? AS text) IS NULL OR m.state = ?)
      ORDER BY m.recorded_at, m.about, m.kind LIMIT ?
      """, values
    ) { row in
      try MailColumns.mail(
        row.read(MailColumns.self), account: row.read(Owner.self, after: MailColumns.self)[.id])
    }
  }
}
