import Billing
import Ledger

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
