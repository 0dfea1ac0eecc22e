import Billing
import Broker
import Logging
import Synchronization
import Testing

@testable import Services

/// What is logged of messages and events that are not done, from `info` on.
@Suite struct OutageLinesTests {
  private final class Lines: Sendable {
    let all = Mutex<[String]>([])
    var logger: Logger {
      Logger(label: "test") { _ in
        LineLogHandler(service: "test", level: .info, format: .text) { line, _ in
          let text = String(decoding: line, as: UTF8.self)
          self.all.withLock { $0.append(text) }
        }
      }
    }

    /// Since the last time.
    func taken() -> [String] {
      all.withLock { lines in
        defer { lines = [] }
        return lines
      }
    }
  }

  private let lines = Lines()

  // MARK: Messages

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

  @Test func eachReasonIsAWaveOfItsOwn() {
    let log = RunnerLog(lines.logger)
    retry(log, .gatewayUnknown)
    retry(log, .gatewayUnknown)
    #expect(lines.taken().count == 1)
    retry(log, .mailLater)
    let said = lines.taken()
    #expect(said.count == 1)
    #expect(said.first?.contains("retry: because of mail-later") == true)
  }

  // MARK: Events

  private func tell(_ log: PublishLog, _ results: (String, PublishResult)...) -> [String] {
    log.tell(results.map { (key: $0.0, result: $0.1) }, isLost: false, next: .seconds(5))
    return lines.taken()
  }

  @Test func onlyAConfirmedEventShowsThatEventsAreTakenAgain() {
    let log = PublishLog(lines.logger)
    #expect(tell(log, ("a", .refused)).count == 1)
    #expect(tell(log, ("a", .unknown("lost"))).count == 1)
    #expect(tell(log, ("a", .returned(code: 312, text: "no route"))).count == 1)
    #expect(tell(log).isEmpty)
    #expect(tell(log, ("b", .confirmed)).map { $0.contains("confirmed again") } == [true])
    #expect(tell(log, ("a", .confirmed)).map { $0.contains("accepts events again") } == [true])
  }

  @Test func aKeyThatIsTakenAgainWaitsForNoOther() {
    let log = PublishLog(lines.logger)
    #expect(tell(log, ("a", .refused)).count == 1)
    #expect(tell(log, ("a", .confirmed), ("b", .unknown("lost"))).count == 2)
  }
}
