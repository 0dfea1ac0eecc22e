import Billing
import Ledger

extension AuditCheck {
  /// One mail per event, account and kind: each has its own Message-ID, and the delivered mails are
  /// those the ledger says were sent. A mail counted as sent again may be present more than once.
  public static func mail(_ evidence: MailEvidence) -> AuditFinding {
    var violations = Violations()
    var recorded: [String: AuditedMail] = [:]
    for mail in evidence.recorded where recorded.updateValue(mail, forKey: mail.messageID) != nil {
      violations.add("\(mail.messageID): recorded twice")
    }
    for id in evidence.unfounded.ids { violations.add("\(id): about an event never committed") }
    var states: [MailRecord.State: Int] = [:]
    for mail in evidence.recorded { states[mail.state, default: 0] += 1 }
    let order: [MailRecord.State] = [.sent, .intended, .suppressed, .refused]
    let counts = order.compactMap { state in states[state].map { "\($0) \(state.rawValue)" } }
    let again = evidence.recorded.count(where: \.isResent)
    let perhaps = evidence.recorded.filter(\.isPerhapsSent)
    let givenUp = perhaps.count { $0.state != .intended }
    let underWay = perhaps.count - givenUp
    var summary = (["\(evidence.recorded.count) mails recorded"] + counts).joined(separator: ", ")
    if again > 0 { summary += ", \(again) perhaps sent twice" }
    if givenUp > 0 { summary += ", \(givenUp) perhaps delivered before being given up" }
    if underWay > 0 { summary += ", \(underWay) perhaps delivered and being sent again" }
    if let delivered = evidence.delivered {
      let count = compare(delivered, recorded, evidence.ofOtherPeriods, &violations)
      summary += "; \(count) of them in the mailbox"
    } else {
      summary += "; only the record was checked (--mailbox)"
    }
    var finding = AuditFinding(.mail, compared: evidence.recorded.count, summary, violations)
    finding.isOfRecordOnly = evidence.delivered == nil
    return finding
  }

  /// How many of the period's mails were delivered, each counted as often as it is present.
  private static func compare(
    _ delivered: [String], _ recorded: [String: AuditedMail], _ others: Set<String>,
    _ violations: inout Violations
  ) -> Int {
    var times: [String: Int] = [:]
    for id in delivered { times[id, default: 0] += 1 }
    var ours = 0
    for (id, count) in times.sorted(by: { $0.key < $1.key }) {
      guard let mail = recorded[id] else {
        if !others.contains(id) {
          violations.add("\(id): delivered, but the ledger has no such mail")
        }
        continue
      }
      ours += count
      if mail.isPerhapsSent { continue }
      if mail.state == .suppressed || mail.state == .refused {
        violations.add("\(id): delivered, but the ledger says \(mail.state.rawValue)")
      } else if count > 1 && !mail.isResent {
        violations.add("\(id): delivered \(count) times")
      }
    }
    for mail in recorded.values.sorted(by: { $0.messageID < $1.messageID })
    where mail.state == .sent && times[mail.messageID] == nil {
      violations.add("\(mail.messageID): sent according to the ledger, but not delivered")
    }
    return ours
  }
}

/// The mails of one period as the ledger has them, and those that were delivered.
public struct MailEvidence: Sendable, Equatable {
  public var recorded: [AuditedMail]
  /// Each Message-ID as often as it was delivered; `nil` if the mailbox was not read.
  public var delivered: [String]?
  /// Those among them that the ledger has for another period.
  public var ofOtherPeriods: Set<String>
  /// Those recorded about events that were never committed.
  public var unfounded: Violations

  public init(
    recorded: [AuditedMail], delivered: [String]?, ofOtherPeriods: Set<String> = [],
    unfounded: Violations = Violations()
  ) {
    self.recorded = recorded
    self.delivered = delivered
    self.ofOtherPeriods = ofOtherPeriods
    self.unfounded = unfounded
  }

  /// The mailbox is read first: a mail is intended before it is sent, and `sent` is recorded
  /// afterwards. Mails recorded as sent after the mailbox was read are not expected in it.
  static func read(_ period: Period, _ sources: AuditSources) async throws -> MailEvidence {
    let before = try await sources.ledger.auditedMails(period)
    let unfounded = try await sources.ledger.unfoundedMails(period)
    guard let mailbox = sources.deliveredMails else {
      return MailEvidence(recorded: before, delivered: nil, unfounded: unfounded)
    }
    let delivered = try await mailbox()
    let sentBefore = Set(before.filter { $0.state == .sent }.map(\.messageID))
    let there = Set(delivered)
    let recorded = try await sources.ledger.auditedMails(period).map { mail in
      var mail = mail
      if mail.state == .sent && !sentBefore.contains(mail.messageID)
        && !there.contains(mail.messageID)
      {
        mail.state = .intended
      }
      return mail
    }
    let unknown = there.subtracting(recorded.map(\.messageID))
    return MailEvidence(
      recorded: recorded, delivered: delivered,
      ofOtherPeriods: try await sources.ledger.knownMessageIDs(unknown.sorted()),
      unfounded: unfounded)
  }
}
