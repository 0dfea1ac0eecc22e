import Billing
import Broker
import Ledger

/// Where a failed message goes: one delay queue further each time, after the last one to the dead
/// letters, always with its reason and history. The attempts are counted by ourselves, in a header.
public struct RetryLadder: Sendable {
  let service: ServiceName
  let delays: [Duration]

  public init(service: ServiceName, delays: [Duration]) {
    self.service = service
    self.delays = delays
  }

  struct Move: Sendable {
    var message: OutgoingMessage
    var isDead: Bool
  }

  func move(_ departure: Departure, at now: Instant) -> Move {
    let attempts = departure.history.attempts + 1
    let rung = departure.history.attempts
    let isDead = departure.final || rung >= delays.count
    let target =
      isDead
      ? MonthClose.deadQueue(of: service)
      : MonthClose.retryQueue(of: service, after: delays[rung])
    let delivery = departure.delivery
    var headers = delivery.headers.filter { !$0.key.hasPrefix("x-") }
    headers[Header.attempts] = .integer(Int64(attempts))
    headers[Header.firstFailedAt] = .string(departure.history.firstFailedAt ?? now.rfc3339)
    headers[Header.lastFailedAt] = .string(now.rfc3339)
    headers[Header.reason] = .string(departure.fault.reason.rawValue)
    headers[Header.error] = .string(String(departure.fault.explanation.prefix(1000)))
    headers[Header.queue] = .string(service.rawValue)
    let message = OutgoingMessage(
      exchange: MonthClose.exchange, routingKey: target, messageID: delivery.messageID ?? "",
      type: delivery.type, contentType: delivery.contentType ?? "application/octet-stream",
      headers: headers, body: delivery.body)
    return Move(message: message, isDead: isDead)
  }
}
