import Billing
import Broker
import Ledger

/// Where a failed message goes: to the next delay queue each time, and after the last one to the
/// dead letters, always with its reason and history. We count the attempts ourselves, in a header.
public struct RetryPolicy: Sendable {
  let service: ServiceName
  let delays: [Duration]

  public init(service: ServiceName, delays: [Duration]) {
    self.service = service
    self.delays = delays
  }

  struct Move: Sendable {
    var message: OutgoingMessage
    var isDead: Bool
    /// How long its copy stays away; zero for a dead letter.
    var delay: Duration
    /// The same, without counting as a retry.
    var putOff: Duration?
  }

  /// `user`: our name at the broker, which distinguishes a trigger that returns from a delay queue
  /// from one that somebody put there.
  func move(_ departure: FailedDelivery, at now: Instant, as user: String?) -> Move {
    let waits = departure.putOff.map(rung)
    let attempts = departure.history.attempts + (waits == nil ? 1 : 0)
    let rung = waits ?? departure.history.attempts
    let isDead = departure.final || rung >= delays.count
    let target =
      isDead
      ? MonthClose.deadQueue(of: service)
      : MonthClose.retryQueue(of: service, after: delays[rung])
    let delivery = departure.delivery
    var headers = Header.carriedOn(delivery.headers)
    headers[Header.attempts] = .integer(Int64(attempts))
    if waits != nil {
      headers[Header.putOffs] = .integer(Int64(departure.history.putOffs + 1))
    } else {
      headers[Header.firstFailedAt] = .string(departure.history.firstFailedAt ?? now.rfc3339)
      headers[Header.lastFailedAt] = .string(now.rfc3339)
    }
    headers[Header.reason] = .string(departure.fault.reason.rawValue)
    headers[Header.error] = .string(String(departure.fault.explanation.prefix(1000)))
    headers[Header.queue] = .string(service.rawValue)
    let message = OutgoingMessage(
      exchange: MonthClose.exchange, routingKey: target, messageID: delivery.messageID ?? "",
      type: delivery.type, contentType: delivery.contentType ?? "application/octet-stream",
      headers: headers, user: user, body: delivery.body)
    return Move(
      message: message, isDead: isDead, delay: isDead ? .zero : delays[rung],
      putOff: isDead ? nil : waits.map { delays[$0] })
  }

  /// The longest delay that is over by then, or else the shortest.
  private func rung(over delay: Duration) -> Int {
    delays.indices.filter { delays[$0] <= delay }.max { delays[$0] < delays[$1] } ?? 0
  }
}
