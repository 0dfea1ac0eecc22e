import Billing
import Broker
import Ledger
import Synchronization

/// Where a failed message goes: to the next delay queue each time, and after the last one to the
/// dead letters, always with its reason and history. We count the attempts ourselves, in a header.
public struct RetryPolicy: Sendable {
  let service: ServiceName
  let delays: [Duration]

  public init(service: ServiceName, delays: [Duration]) {
    self.service = service
    self.delays = delays
  }

  /// A copy of a message that leaves its queue without being done.
  struct Move: Sendable {
    var delivery: Delivery
    var fault: Fault
    /// `nil` if the message could not be read.
    var trace: TraceContext?
    var message: OutgoingMessage
    var isDead: Bool
    /// How long its copy stays away; zero for a dead letter.
    var delay: Duration
    /// The message was put off, which does not count as a retry.
    var isPutOff: Bool
  }

  /// `nil` for a message that is done, or stays in its queue. `user`: our name at the broker, which
  /// distinguishes a trigger that returns from a delay queue from one that somebody put there.
  func move(_ result: DeliveryResult, at now: Instant, as user: String?) -> Move? {
    switch result.outcome {
    case .done, .hold: nil
    case .later(let fault): move(result, fault, at: now, as: user)
    case .putOff(let fault, let delay):
      move(result, fault, putOff: index(over: delay), at: now, as: user)
    case .dead(let fault): move(result, fault, isFinal: true, at: now, as: user)
    }
  }

  /// `isFinal`: no retry can help. `putOff`: the delay of a message that is put off.
  private func move(
    _ result: DeliveryResult, _ fault: Fault, isFinal: Bool = false, putOff: Int? = nil,
    at now: Instant, as user: String?
  ) -> Move {
    let delivery = result.delivery
    let history = result.job?.history ?? FailureHistory(headers: delivery.headers)
    let index = putOff ?? history.attempts
    let isDead = isFinal || index >= delays.count
    var headers = Header.carriedOn(delivery.headers)
    headers[Header.attempts] = .integer(Int64(history.attempts + (putOff == nil ? 1 : 0)))
    if putOff != nil {
      headers[Header.putOffs] = .integer(Int64(history.putOffs + 1))
    } else {
      headers[Header.firstFailedAt] = .string(history.firstFailedAt ?? now.rfc3339)
      headers[Header.lastFailedAt] = .string(now.rfc3339)
    }
    headers[Header.reason] = .string(fault.reason.rawValue)
    headers[Header.error] = .string(String(fault.explanation.prefix(1000)))
    headers[Header.queue] = .string(service.rawValue)
    let target =
      isDead
      ? MonthClose.deadQueue(of: service)
      : MonthClose.retryQueue(of: service, after: delays[index])
    let message = OutgoingMessage(
      exchange: MonthClose.exchange, routingKey: target, messageID: delivery.messageID ?? "",
      type: delivery.type, contentType: delivery.contentType ?? "application/octet-stream",
      headers: headers, user: user, body: delivery.body)
    return Move(
      delivery: delivery, fault: fault, trace: result.job?.event.trace, message: message,
      isDead: isDead, delay: isDead ? .zero : delays[index], isPutOff: putOff != nil && !isDead)
  }

  /// The longest delay that is over by then, or else the shortest.
  private func index(over delay: Duration) -> Int {
    delays.indices.filter { delays[$0] <= delay }.max { delays[$0] < delays[$1] } ?? 0
  }
}

extension Backoff {
  /// 0.25 s, 0.5 s, 1 s … 15 s. Not spread: a simulated run must be the same every time.
  static var ofService: Backoff { Backoff(floor: .milliseconds(250), ceiling: .seconds(15)) }
}

/// The messages this process has put off, by id, as long as the copy confirmed by the broker cannot
/// be back yet. Any message with such an id meanwhile is another copy, whose acknowledgement or
/// confirm was lost, and is dropped: otherwise each round of a long outage would double it.
final class PutOffs: Sendable {
  private let waiting = Mutex<[String: Duration]>([:])
  /// A clock that cannot be set.
  private let now: @Sendable () -> Duration

  static let most = 100_000

  init(now: @escaping @Sendable () -> Duration) { self.now = now }

  /// Asked before the copy is published.
  var time: Duration { now() }

  /// Half of the delay, because the broker's clock may differ.
  func add(_ id: String, for delay: Duration, since begun: Duration) {
    waiting.withLock { waiting in
      if waiting.count >= Self.most {
        let now = now()
        waiting = waiting.filter { $0.value > now }
      }
      if waiting.count < Self.most { waiting[id] = begun + delay / 2 }
    }
  }

  func isAnotherCopy(_ id: String?) -> Bool {
    guard let id else { return false }
    return waiting.withLock { waiting in
      guard let until = waiting[id] else { return false }
      if now() < until { return true }
      waiting[id] = nil
      return false
    }
  }
}
