import Billing
import Ledger
import Testing

@testable import Operations
@testable import Services

@Suite struct MessageCheckTests {
  private static func delivery(
    published: Bool = true, secondsAgo: Int64 = 600
  ) -> DeliveryEvidence {
    DeliveryEvidence(
      service: .mailer, events: 5,
      unanswered: [
        .init(
          id: "e", recordedAt: Evidence.noon.adding(seconds: -secondsAgo), isPublished: published)
      ])
  }

  /// What is unanswered, what the mailer's queues have, and who is lost.
  @Test(
    arguments: [
      (DeliveryEvidence(service: .mailer, events: 5, unanswered: []), [], nil),
      (delivery(), ["e"], nil),
      (delivery(published: false), [], nil),
      (delivery(secondsAgo: 5), [], nil),
      (delivery(), ["other"], "e for mailer"),
      (delivery(), [], "e for mailer"),
    ] as [(DeliveryEvidence, Set<String>, String?)])
  func `An event is answered queued or lost`(
    _ delivery: DeliveryEvidence, _ queued: Set<String>, _ lost: String?
  ) {
    let finding = AuditCheck.noLoss([delivery], [.mailer: queued], now: Evidence.noon)
    #expect(finding.violations.ids == (lost.map { [$0] } ?? []))
    #expect(finding.compared == 5)
  }

  @Test func `The queue of another service does not count`() {
    let finding = AuditCheck.noLoss([Self.delivery()], [.holder: ["e"]], now: Evidence.noon)
    #expect(finding.verdict == .broken)
  }

  @Test func `A message nobody committed is a ghost`() {
    var contents = QueueContents()
    contents.messages = 4
    contents.triggers = 1
    contents.junk = 2
    #expect(AuditCheck.noGhost(contents, ConsumptionTally()).verdict == .holds)
    contents.ghosts.add("g in mailer")
    #expect(AuditCheck.noGhost(contents, ConsumptionTally()).violations.ids == ["g in mailer"])
    contents.altered.add("e in charger")
    #expect(AuditCheck.noGhost(contents, ConsumptionTally()).violations.total == 2)
  }

  @Test func `What a service refused as never committed is for somebody to look at`() {
    var contents = QueueContents()
    contents.refused = 1
    let finding = AuditCheck.noGhost(contents, ConsumptionTally())
    #expect(finding.verdict == .attention)
    #expect(finding.summary.contains("1 refused as not committed, copied or misrouted"))
  }

  @Test func `An answer to an uncommitted message is named without the queues too`() {
    var consumed = ConsumptionTally()
    consumed.answers = 9
    #expect(AuditCheck.noGhost(consumed).verdict == .notChecked)
    consumed.unfounded.add("g answered by charger")
    for finding in [AuditCheck.noGhost(consumed), AuditCheck.noGhost(QueueContents(), consumed)] {
      #expect(finding.verdict == .broken)
      #expect(finding.violations.ids == ["g answered by charger"])
    }
  }

  @Test(arguments: [
    CheckCase("not JSON", Evidence.letter("not-json")),
    CheckCase("a contradiction", Evidence.letter("contradiction")),
    CheckCase("behind, after the whole ladder", Evidence.letter("behind", attempts: 6)),
    CheckCase("behind, too early", Evidence.letter("behind", attempts: 5), "after 5 attempts"),
    CheckCase("the store was away", Evidence.letter("store-unavailable", attempts: 6), "store"),
    CheckCase("the key was refused", Evidence.letter("gateway-unauthorized"), "unauthorized"),
    CheckCase("a word nobody knows", Evidence.letter("bad-luck"), "bad-luck"),
    CheckCase("no reason", Evidence.letter(nil), "no reason"),
  ])
  func `A dead letter is there for its own fault`(_ item: CheckCase<QueueContents.DeadLetter>) {
    expect(AuditCheck.honestDeadLetters([item.evidence], retries: 5), item)
  }

  @Test func `Every reason is either the message's own or the end of its retries or wrong`() {
    let wrong = FaultReason.allCases.filter { reason in
      let letter = Evidence.letter(reason.rawValue, attempts: 6)
      return AuditCheck.honestDeadLetters([letter], retries: 5).verdict == .broken
    }
    #expect(
      wrong == [
        .gatewayUnauthorized, .gatewayUnreachable, .gatewayUnlisted, .ledgerForgot, .mailDenied,
        .mailUnreachable, .storeUnavailable,
      ])
  }

  @Test func `Counted dead letters are not judged`() {
    #expect(AuditCheck.deadLetterCounts([.charger: 0]).verdict == .holds)
    let finding = AuditCheck.deadLetterCounts([.charger: 4])
    #expect(finding.verdict == .notChecked)
    #expect(finding.summary.contains("4 of the charger"))
  }

  @Test func `What is overdue is for somebody to look at`() {
    var overdue = OverdueEvidence()
    #expect(AuditCheck.quiet(overdue, deadLetters: [:]).verdict == .holds)
    #expect(AuditCheck.quiet(overdue, deadLetters: [.charger: 1]).verdict == .attention)
    overdue.unpublished.add("e")
    #expect(AuditCheck.quiet(overdue, deadLetters: [:]).verdict == .attention)
  }
}
