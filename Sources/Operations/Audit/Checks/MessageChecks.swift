import Billing
import Ledger
import Services

/// Compares the broker's queues with what was committed.
extension AuditCheck {
  /// A message that a service has just taken is in no queue and has no answer yet.
  public static let inHandSeconds: Int64 = 120

  /// While services are working, one of them may hold an event for a long time: events without an
  /// answer are then reported, but not as a fault.
  ///
  /// Every published event has an answer from each service that receives it, or is in its queues.
  public static func noLoss(
    _ deliveries: [DeliveryEvidence], _ queued: [ServiceName: Set<String>], now: Instant,
    isIdle: Bool = true
  ) -> AuditFinding {
    var violations = Violations()
    var (expected, waiting, inHand) = (0, 0, 0)
    let recent = now.adding(seconds: -inHandSeconds)
    for delivery in deliveries {
      expected += delivery.events
      for event in delivery.unanswered {
        if !event.isPublished || queued[delivery.service]?.contains(event.id) == true {
          waiting += 1
        } else if event.recordedAt > recent {
          inHand += 1
        } else {
          violations.add("\(event.id) for \(delivery.service.rawValue)")
        }
      }
    }
    var summary =
      "\(expected) deliveries due: \(expected - waiting - inHand - violations.total) answered, "
      + "\(waiting) in queues or to be published"
    if inHand > 0 { summary += ", \(inHand) from the last 2 minutes in progress" }
    summary += ", \(violations.total) in no queue and unanswered"
    if isIdle { return AuditFinding(.noLoss, compared: expected, summary, violations) }
    let finding = AuditFinding(.noLoss, compared: expected, summary, Violations())
    return violations.isEmpty ? finding : finding.forAttention()
  }

  /// The messages in the queues, and those that were taken from them and acted on.
  public static func noGhost(
    _ contents: QueueContents, _ consumed: ConsumptionTally
  ) -> AuditFinding {
    var violations = contents.ghosts
    violations.add(contents.altered)
    violations.add(consumed.unfounded)
    var summary =
      "\(consumed.answers) answers, \(consumed.unfounded.total) to messages never committed; "
      + "\(contents.messages) messages in the queues, \(contents.ghosts.total) never committed, "
      + "\(contents.altered.total) committed with other contents"
    if contents.triggers > 0 { summary += "; \(contents.triggers) close triggers" }
    if contents.refused > 0 {
      summary += "; \(contents.refused) refused as not committed, copied or misrouted"
    }
    if contents.junk > 0 { summary += "; \(contents.junk) not month-close messages" }
    let compared = contents.messages + consumed.answers
    let finding = AuditFinding(.noGhost, compared: compared, summary, violations)
    return contents.refused > 0 ? finding.forAttention() : finding
  }

  /// For an audit that did not read the queues.
  public static func noGhost(_ consumed: ConsumptionTally) -> AuditFinding {
    let summary =
      "\(consumed.answers) answers, \(consumed.unfounded.total) to messages never committed; "
      + "checking the queues needs --deep"
    if consumed.unfounded.isEmpty { return .notChecked(.noGhost, summary) }
    return AuditFinding(.noGhost, compared: consumed.answers, summary, consumed.unfounded)
  }

  /// Faults of a message itself: the same on every delivery.
  private static let own: Set<FaultReason> = [
    .notJSON, .tooLarge, .tooDeep, .duplicateKey, .unknownType, .missingField, .invalidField,
    .wrongContentType, .unexpectedType, .copied, .otherKey, .headersTooLarge, .notCommitted,
    .contradiction, .gatewayRejected, .gatewayImplausible,
    .periodNotOver, .periodTooOld, .noAccounts,
  ]
  /// Only after all retry delays.
  private static let exhausted: Set<FaultReason> = [
    .behind, .gatewayUnknown, .gatewayBusy, .mailLater, .chargeUnsettled, .handlerFailed,
  ]

  public static func honestDeadLetters(
    _ dead: [QueueContents.DeadLetter], retries: Int
  ) -> AuditFinding {
    var violations = Violations()
    var reasons: [String: Int] = [:]
    for letter in dead {
      let reason = letter.reason ?? "no reason"
      reasons["\(letter.service.rawValue) \(reason)", default: 0] += 1
      let word = letter.reason.flatMap(FaultReason.init(rawValue:))
      let isHonest =
        word.map { own.contains($0) || exhausted.contains($0) && letter.attempts > retries }
        ?? false
      if !isHonest {
        violations.add(
          "\(letter.id) in \(letter.service.rawValue).dead: \(reason) "
            + "after \(letter.attempts) attempts")
      }
    }
    let list = reasons.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
    return AuditFinding(
      .honestDeadLetters, compared: dead.count,
      (["\(dead.count) dead letters"] + list).joined(separator: ", "), violations)
  }

  public static func deadLetterCounts(_ counts: [ServiceName: Int]) -> AuditFinding {
    let there = counts.filter { $0.value > 0 }.sorted { $0.key.rawValue < $1.key.rawValue }
    let list = there.map { "\($0.value) of the \($0.key.rawValue)" }
    if list.isEmpty {
      return AuditFinding(.honestDeadLetters, compared: 0, "0 dead letters", Violations())
    }
    return .notChecked(
      .honestDeadLetters,
      "dead letters: \(list.joined(separator: ", ")); --deep reads their reasons")
  }

  /// A hint: a stopped service leaves events unpublished, and dead letters wait for people.
  public static func quiet(
    _ overdue: OverdueEvidence, deadLetters: [ServiceName: Int]
  ) -> AuditFinding {
    let dead = deadLetters.values.reduce(0, +)
    let finding = AuditFinding(
      .quiet, compared: dead + overdue.unpublished.total,
      "\(overdue.unpublished.total) events unpublished for over a minute, \(dead) dead letters",
      Violations())
    return dead + overdue.unpublished.total > 0 ? finding.forAttention() : finding
  }
}

extension AuditCheck {
  /// I17: every move of a dead letter was recorded beforehand, once. Covers all periods.
  public static func replays(_ moved: MovedLetterTally) -> AuditFinding {
    AuditFinding(
      .replay, compared: moved.letters,
      "\(moved.letters) dead letters moved by operators, \(moved.unrecorded.total) without their "
        + "record", moved.unrecorded)
  }
}
