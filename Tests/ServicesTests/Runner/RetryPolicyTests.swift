import Billing
import Broker
import Synchronization
import Testing

@testable import Services

@Suite struct RetryPolicyTests {
  private let policy = RetryPolicy(
    service: .charger, delays: [.seconds(1), .seconds(10), .seconds(60)])
  private let now: Instant
  private let earlier: Instant

  init() throws {
    now = try Instant(rfc3339: "2026-12-01T00:00:00Z")
    earlier = try Instant(rfc3339: "2026-11-30T00:00:00Z")
  }

  private func move(
    attempts: Int = 0, putOffs: Int = 0, first: String? = nil, isFinal: Bool = false,
    putOff: Duration? = nil, headers: [String: HeaderValue] = [:], why: String = "it was busy",
    as user: String? = nil
  ) throws -> RetryPolicy.Move {
    let delivery = Delivery(
      tag: .init(connection: 1, number: 1), queue: "charger", exchange: "monthclose",
      routingKey: "invoice.issued", redelivered: false, messageID: "m", type: "t",
      contentType: "application/json", headers: headers, body: [1])
    let history = FailureHistory(attempts: attempts, firstFailedAt: first, putOffs: putOffs)
    let job = Job(event: .test(), delivery: delivery, history: history)
    let fault = Fault(.gatewayUnknown, why)
    let outcome: Outcome =
      if isFinal { .dead(fault) } else if let putOff { .putOff(fault, after: putOff) } else {
        .later(fault)
      }
    return try #require(policy.move(.processed(job, outcome), at: now, as: user))
  }

  @Test
  func `Each retry goes one delay queue further, the last to the dead letters`() throws {
    let targets = try (0...4).map { try move(attempts: $0) }
    #expect(
      targets.map(\.message.routingKey) == [
        "charger.retry.1s", "charger.retry.10s", "charger.retry.1m", "charger.dead", "charger.dead",
      ])
    #expect(targets.map(\.isDead) == [false, false, false, true, true])
    #expect(targets.map(\.delay) == [.seconds(1), .seconds(10), .seconds(60), .zero, .zero])
    #expect(targets.map { $0.message.headers[Header.attempts] } == (1...5).map { .integer($0) })
  }

  @Test
  func `A fault that no retry can help goes to the dead letters at once`() throws {
    let move = try move(isFinal: true)
    #expect(move.message.routingKey == "charger.dead")
    #expect(move.message.headers[Header.attempts] == .integer(1))
  }

  @Test
  func `The message stays what it was, with its reason and its history`() throws {
    let long = String(repeating: "x", count: 2_000)
    let move = try move(
      attempts: 1, first: earlier.rfc3339,
      headers: ["mine": .string("kept"), "x-death": .string("the broker's"), "CC": .string("q")],
      why: long, as: "monthclose-charger")
    let message = move.message
    #expect(message.messageID == "m" && message.type == "t" && message.body == [1])
    #expect(message.user == "monthclose-charger")
    #expect(
      message.headers == [
        "mine": .string("kept"), Header.attempts: .integer(2),
        Header.firstFailedAt: .string(earlier.rfc3339), Header.lastFailedAt: .string(now.rfc3339),
        Header.reason: .string(FaultReason.gatewayUnknown.rawValue),
        Header.error: .string(String(long.prefix(1_000))), Header.queue: .string("charger"),
      ])
  }

  @Test(arguments: [
    (Duration.milliseconds(500), "charger.retry.1s"), (.seconds(9), "charger.retry.1s"),
    (.seconds(10), "charger.retry.10s"), (.seconds(3_600), "charger.retry.1m"),
  ])
  func `Being put off is no retry: the longest delay that is over in time`(
    _ delay: Duration, _ target: String
  ) throws {
    let move = try move(attempts: 9, putOffs: 4, putOff: delay)
    #expect(move.message.routingKey == target && !move.isDead)
    #expect(move.message.headers[Header.attempts] == .integer(9))
    #expect(move.message.headers[Header.putOffs] == .integer(5))
    #expect(move.message.headers[Header.firstFailedAt] == nil)
    #expect(move.isPutOff)
  }
}

@Suite struct PutOffsTests {
  @Test func `Another copy is known until the first may be back`() {
    let time = Mutex(Duration.zero)
    let putOffs = PutOffs { time.withLock { $0 } }
    putOffs.add("a", for: .seconds(10), since: putOffs.time)
    #expect(putOffs.isAnotherCopy("a"))
    #expect(!putOffs.isAnotherCopy("b") && !putOffs.isAnotherCopy(nil))
    time.withLock { $0 = .milliseconds(4_999) }
    #expect(putOffs.isAnotherCopy("a"))
    time.withLock { $0 = .seconds(5) }
    #expect(!putOffs.isAnotherCopy("a"), "the copy that was put off may not be dropped")
  }
}
