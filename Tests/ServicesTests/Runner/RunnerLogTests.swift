import Billing
import Broker
import Logging
import Synchronization
import Testing

@testable import Services

/// What is logged of messages that are not done, from `info` on.
@Suite struct RunnerLogTests {
  private let lines = LoggedLines()

  private func delivery(_ reason: FaultReason? = nil) -> Delivery {
    Delivery(
      tag: .init(connection: 1, number: 1), queue: "charger", exchange: "", routingKey: "k",
      redelivered: false, messageID: "m", type: nil, contentType: nil,
      headers: reason.map { [Header.reason: .string($0.rawValue)] } ?? [:], body: [])
  }

  private func retry(_ log: RunnerLog, _ reason: FaultReason) {
    let job = Job(event: .test(), delivery: delivery())
    let outcome = Outcome.later(Fault(reason, "because of \(reason.rawValue)"))
    let retryPolicy = RetryPolicy(service: .charger, delays: [.seconds(1)])
    let move = retryPolicy.move(.processed(job, outcome), at: Instant(milliseconds: 0), as: nil)
    log.moved([move].compactMap { $0 }, [.confirmed], isLost: false, inHand: 1)
  }

  @Test func `Each reason is a wave of its own`() {
    let log = RunnerLog(lines.logger)
    retry(log, .gatewayUnknown)
    retry(log, .gatewayUnknown)
    #expect(lines.taken().count == 1)
    retry(log, .mailLater)
    let logged = lines.taken()
    #expect(logged.count == 1)
    #expect(logged.first?.contains("retry: because of mail-later") == true)
  }
}
