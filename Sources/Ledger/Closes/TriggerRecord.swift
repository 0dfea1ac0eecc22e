import Billing

/// A trigger of a close that was refused, that was heard only because it said that this month is
/// meant, or that took accounts in which came after the start.
public struct TriggerRecord: Sendable, Equatable {
  public enum Outcome: String, Sendable {
    /// Or took accounts in that came after the start.
    case started, refused
  }

  public var messageID: String
  /// The row of the table that decided: `close.not-over`.
  public var rule: String
  /// What the message says it comes from; anybody may say anything there.
  public var source: String
  public var outcome: Outcome
  public var explanation: String
  public var firstAt: Instant
  public var lastAt: Instant
  /// How often a message of this id ended like this.
  public var times: Int

  public init(
    messageID: String, rule: String, source: String, outcome: Outcome, explanation: String,
    firstAt: Instant, lastAt: Instant, times: Int
  ) {
    self.messageID = messageID
    self.rule = rule
    self.source = source
    self.outcome = outcome
    self.explanation = explanation
    self.firstAt = firstAt
    self.lastAt = lastAt
    self.times = times
  }
}

extension LedgerStore {
  /// Triggers of the period that were refused, or that started it by way of exception.
  public func triggers(of period: Period) async throws -> [TriggerRecord] {
    try await read { try TriggerRows($0).all(of: period) }
  }
}

/// Triggers that were refused, that started a close by way of exception, or took accounts in. A
/// trigger that comes again, as cron's does, is counted: one row for each id and rule.
struct TriggerRows {
  let database: any SQLSession

  init(_ database: any SQLSession) {
    self.database = database
  }

  /// `what`: what it did, in other words than the decision's.
  func record(
    _ decision: StartDecision, _ request: RunRequest, _ what: String? = nil
  ) throws {
    let isHeard = decision.action == .start || decision.action == .takeIn
    let outcome: TriggerRecord.Outcome = isHeard ? .started : .refused
    try database.run(
      """
      INSERT INTO close_triggers
        (period, message_id, rule, source, outcome, explanation, first_at, last_at, times)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1)
      ON CONFLICT (period, message_id, rule) DO UPDATE
      SET source = excluded.source, explanation = excluded.explanation,
        last_at = excluded.last_at, times = close_triggers.times + 1
      """,
      [
        request.period.stored, request.messageID, decision.rule, request.source,
        outcome.rawValue, what ?? decision.explanation, request.at.milliseconds,
        request.at.milliseconds,
      ])
  }

  private enum Column: String, ColumnList {
    case messageID = "message_id"
    case rule, source, outcome, explanation
    case firstAt = "first_at"
    case lastAt = "last_at"
    case times
  }

  /// In order of time.
  func all(of period: Period) throws -> [TriggerRecord] {
    try database.all(
      """
      SELECT \(Column.sql)
      FROM close_triggers WHERE period = ? ORDER BY last_at, message_id, rule
      """, [period.stored], of: Column.self
    ) { row in
      TriggerRecord(
        messageID: row[.messageID], rule: row[.rule], source: row[.source],
        outcome: try row.word(.outcome), explanation: row[.explanation],
        firstAt: Instant(milliseconds: row[.firstAt]),
        lastAt: Instant(milliseconds: row[.lastAt]), times: row[.times])
    }
  }
}
