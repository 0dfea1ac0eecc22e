import Billing
import Broker
import Testing

@testable import Services

@Suite struct JobTests {
  private func job(_ headers: [String: HeaderValue]) -> Job {
    Job(
      event: .test(), delivery: .test(headers: headers, number: 7),
      history: FailureHistory(headers: headers))
  }

  @Test func `Each replay of a message is parked under an id of its own`() {
    #expect(job([:]).parkedID == "m#parked")
    #expect(job([Header.replays: .integer(0)]).parkedID == "m#parked")
    #expect(job([Header.replays: .integer(2)]).parkedID == "m#parked~2")
  }

  @Test func `The history of failures is read from the headers, whoever wrote them`() {
    let history = FailureHistory(headers: [
      Header.attempts: .integer(3), Header.putOffs: .integer(4),
      Header.firstFailedAt: .string("2026-12-01T00:00:00Z"),
    ])
    #expect(history.attempts == 3 && history.putOffs == 4 && history.returns == 7)
    #expect(history.firstFailedAt == "2026-12-01T00:00:00Z")
    let forged = FailureHistory(headers: [
      Header.attempts: .integer(.max), Header.putOffs: .integer(-5),
      Header.firstFailedAt: .integer(1),
    ])
    #expect(forged == FailureHistory(attempts: 1_000_000, firstFailedAt: nil, putOffs: 0))
  }

  @Test func `A delivery that was refused is dead, and has neither job nor events`() {
    let fault = Fault(.copied, "it was copied")
    let result = DeliveryResult.refused(job([:]).delivery, fault)
    #expect(result.job == nil && result.events.isEmpty)
    #expect(!result.isDone && !result.isHeld)
    #expect(result.tag == .init(connection: 1, number: 7))
    guard case .dead(fault) = result.outcome else {
      Issue.record("\(result.outcome)")
      return
    }
  }

  @Test func `Only a done message has no fault, and only a put-off one is put off`() {
    let fault = Fault(.behind, "behind")
    let outcomes: [Outcome] = [
      .later(fault), .putOff(fault, after: .seconds(1)), .dead(fault), .hold(fault),
    ]
    #expect(outcomes.map(\.fault) == [fault, fault, fault, fault])
    #expect(outcomes.map(\.isPutOff) == [false, true, false, false])
    #expect(Outcome.done([]).fault == nil)
  }
}

@Suite struct FaultReasonTests {
  /// Every fault of the gate, once.
  static let faults: [MessageFault] = [
    .wrongContentType("text/plain"), .tooLarge(bytes: 1), .notJSON(byte: 0, expected: "a value"),
    .tooDeep(byte: 1), .duplicateKey("id", byte: 1), .unknownType("x.v9"), .missing("data"),
    .invalid(place: "time", expected: "a time", found: "x"),
  ]

  @Test(arguments: faults) func `The gate's words are reasons of dead letters`(
    _ fault: MessageFault
  ) {
    #expect(FaultReason(rawValue: fault.reason) != nil)
  }
}
