import Billing
import FoundationEssentials

/// Why something was done: what a message believed, what was found, which rule decided.
public struct DecisionRecord: Sendable, Equatable {
  public var rule: String
  public var finding: Finding
  /// One sentence for people: figures, no personal data.
  public var explanation: String
  /// The snapshot the message carried, where it carried one.
  public var believed: Snapshot?
  /// The same account at the time of the decision.
  public var found: Snapshot?

  public init(
    rule: String, finding: Finding, explanation: String, believed: Snapshot? = nil,
    found: Snapshot? = nil
  ) {
    self.rule = rule
    self.finding = finding
    self.explanation = explanation
    self.believed = believed
    self.found = found
  }
}

/// The unique key of an answer: service, message and account.
struct AnswerKey {
  /// Represents "no account" in unique keys, where SQL's NULL would be unequal to itself.
  static let noAccount: Int64 = 0

  let service: ServiceName
  let messageID: String
  let account: Int64

  init(_ change: Change, account: Int64) {
    self.service = change.service
    self.messageID = change.messageID
    self.account = account
  }

  init(service: ServiceName, messageID: String, account: Int64) {
    self.service = service
    self.messageID = messageID
    self.account = account
  }

  func isRecorded(in database: any SQLSession) throws -> Bool {
    let sequence = try database.integer(
      "SELECT sequence FROM decisions WHERE message_id = ? AND service = ? AND account = ?",
      [messageID, service.rawValue, account])
    return sequence != nil
  }

  func record(_ decision: DecisionRecord, change: Change, in database: any SQLSession) throws {
    let stored = StoredSnapshots(of: decision, by: self, at: change.at)
    try database.run(
      """
      INSERT INTO decisions
        (service, message_id, account, period, decided_at, rule, finding, explanation, believed,
         found)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        service.rawValue, messageID, account, change.period?.stored, change.at.milliseconds,
        decision.rule, decision.finding.rawValue, decision.explanation, stored.believed,
        stored.found,
      ])
  }
}

extension Change {
  /// The period it is about, where writes or events tell.
  var period: Period? {
    for write in writes {
      switch write {
      case .issue(let draft): return draft.period
      case .progress(_, let period, _, _), .oweAgain(_, let period), .rangeDone(let period, _),
        .closeRun(let period, _):
        return period
      default: continue
      }
    }
    return events.lazy.compactMap(\.period).first
  }
}
