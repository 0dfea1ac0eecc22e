import Billing
import Broker
import JSON
import Ledger

/// What a delivery must satisfy before the ledger is asked about it: it is readable, and was sent
/// only to those its type is for.
///
/// The broker checks rights against the routing key alone. A `CC` header sends copies to keys its
/// sender has no right to; `BCC` does the same and is removed before delivery. So a message with
/// `CC` is refused, and the key under which a message arrives must be its type's own, or
/// `replay.SERVICE`, or the queue's own name, as for a message returning from a delay queue. The
/// ledger decides about a message that arrived under the last two.
///
/// A trigger is the one message that no ledger contains. As a replay, it must have been recorded by
/// an operator's command; from a delay queue, it must have been published by ourselves, which it
/// states and the broker has checked.
struct Admission: Sendable {
  enum Result {
    case admitted(Job)
    case refused(Fault)
  }

  let service: ServiceName
  /// Our name at the broker; `nil`: only the broker knows it.
  let user: String?

  func job(from delivery: Delivery) -> Result {
    if let fault = Self.fault(inHeadersOf: delivery) { return .refused(fault) }
    do throws(MessageFault) {
      let event = try MessageGate.decode(delivery.body, contentType: delivery.contentType)
      let history = FailureHistory(headers: delivery.headers)
      let job = Job(event: event, delivery: delivery, history: history)
      return fault(inArrivalOf: job).map(Result.refused) ?? .admitted(job)
    } catch {
      return .refused(Fault(FaultReason(error), error.description))
    }
  }

  private static func fault(inHeadersOf delivery: Delivery) -> Fault? {
    let headers = delivery.headers
    if headers.isEmpty { return nil }
    for name in Header.copies where headers[name] != nil {
      return Fault(.copied, "header \(name): expected none, found one that sends copies elsewhere")
    }
    let most = OutgoingMessage.maximumHeaderBytes
    switch OutgoingMessage.bytes(ofHeaders: headers) {
    case nil: return Fault(.headersTooLarge, "headers: expected names of at most 128 bytes")
    case let size? where size > most:
      return Fault(.headersTooLarge, "headers: expected at most \(most) bytes, found \(size)")
    default: return nil
    }
  }

  private func fault(inArrivalOf job: Job) -> Fault? {
    let (key, own) = (job.delivery.routingKey, job.type.routingKey)
    guard [own, MonthClose.replayKey(of: service), service.rawValue].contains(key) else {
      return Fault(
        .otherKey,
        "routing key: expected \(own) or \(MonthClose.replayKey(of: service)), "
          + "found \(JSONDocument.shown(key))")
    }
    return job.type.sender == nil ? fault(inTrigger: job.delivery) : nil
  }

  private func fault(inTrigger delivery: Delivery) -> Fault? {
    if service != .invoicer {
      return Fault(.unexpectedType, "a trigger does not belong in queue \(delivery.queue)")
    }
    guard delivery.routingKey == service.rawValue, let user, delivery.user != user else {
      return nil
    }
    return Fault(
      .otherKey,
      "a trigger from a delay queue: expected one put there by \(user), found one by "
        + (delivery.user.map(JSONDocument.shown) ?? "an unnamed user"))
  }
}

extension Job {
  /// As the ledger is asked about it.
  public var received: ReceivedMessage {
    var received = ReceivedMessage(event, body: delivery.body)
    guard received.sender == nil, delivery.routingKey == MonthClose.replayKey(of: .invoicer) else {
      return received
    }
    let hash = BodyHash.hex(delivery.body)
    received.replay = ReplayedLetter(
      id: DeadLetter.id(
        queue: MonthClose.deadQueue(of: .invoicer), messageID: delivery.messageID ?? "",
        bodyHash: hash), bodyHash: hash)
    return received
  }
}

extension Fault {
  init(_ missing: NotCommitted, of type: EventType) {
    self.init(.notCommitted, missing.sentence(about: type))
  }
}

extension NotCommitted {
  public func sentence(about type: EventType) -> String {
    switch self {
    case .noSuchEvent: "the ledger has no event with this id"
    case .otherBytes: "the ledger has the event with this id, but with other bytes"
    case .notReplayed: "it came as a replay, but the ledger has no replay of it"
    case .anotherService(let found):
      "the ledger has the event with this id by \(found), but \(type.routingKey) is sent by "
        + "\(type.sender?.rawValue ?? "nobody")"
    }
  }
}
