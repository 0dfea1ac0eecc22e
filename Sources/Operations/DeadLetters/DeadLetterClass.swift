import Billing
import Ledger
import Services

/// What would happen to a dead letter if it were sent again now.
public enum DeadLetterClass: String, Sendable, CaseIterable {
  /// Its answer is still missing and can be given.
  case needed
  /// Its service has answered it, or its purpose is fulfilled.
  case done
  /// Message and ledger cannot both be right: it would come back.
  case contradicts
  /// Its body is not a message this version can read.
  case undecodable
}

/// A class, with the rule that assigned it and a short reason.
public struct DeadLetterClassification: Sendable, Equatable {
  public var letterClass: DeadLetterClass
  public var rule: String
  public var why: String

  public init(_ letterClass: DeadLetterClass, rule: String, why: String) {
    self.letterClass = letterClass
    self.rule = rule
    self.why = why
  }
}

extension DeadLetterClassification {
  /// Found and done, in the words of the service's own table.
  init<Situation, Action>(
    _ letterClass: DeadLetterClass, _ decided: Decided<Action>,
    of table: DecisionTable<Situation, Action>
  ) {
    let row = table.rows.first { $0.rule == decided.rule }
    self.init(
      letterClass, rule: decided.rule, why: row.map { "\($0.found): \($0.does)" } ?? "")
  }

  static func unreadable(_ fault: MessageFault) -> DeadLetterClassification {
    DeadLetterClassification(.undecodable, rule: fault.reason, why: fault.description)
  }

  static let notWhole = DeadLetterClassification(
    .undecodable, rule: FaultReason.tooLarge.rawValue,
    why: "its body exceeds the size limit; only the broker's own tools can read it")

  static let answered = DeadLetterClassification(
    .done, rule: "answered", why: "its service has already answered this message")

  static func notCommitted(_ missing: NotCommitted, _ type: EventType) -> DeadLetterClassification {
    DeadLetterClassification(
      .contradicts, rule: FaultReason.notCommitted.rawValue, why: missing.sentence(about: type))
  }

  static func unexpected(_ job: Job) -> DeadLetterClassification {
    DeadLetterClassification(
      .contradicts, rule: FaultReason.unexpectedType.rawValue,
      why: "\(job.type.rawValue) does not belong in this queue")
  }
}
