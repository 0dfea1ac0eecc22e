import Broker
import Logging

/// Logs that the broker does not accept events: once for each kind of refusal while it lasts,
/// however many events there are.
final class PublishLog: Sendable {
  private let forbidden: OutageLog
  private let unbound: OutageLog
  private let refused: OutageLog
  private let unconfirmed: OutageLog
  /// The broker's connection logs its own loss, so this is only at level `debug`.
  private let lost: OutageLog

  init(_ logger: Logger) {
    forbidden = OutageLog(
      "the broker's user may not publish an event; it stays unpublished: closectl topology users",
      level: .error, logger)
    unbound = OutageLog(
      "no queue is bound for an event; it stays unpublished: closectl topology apply",
      level: .error, logger)
    refused = OutageLog(
      "the broker refuses events", back: "the broker accepts events again", logger)
    unconfirmed = OutageLog(
      "events are not confirmed; they will be published again",
      back: "events are confirmed again", logger)
    lost = OutageLog("events are waiting for the broker", level: .debug, logger)
  }

  /// `next`: until they are published again.
  func tell(
    _ results: [(key: String, result: PublishResult)], isLost: Bool, next: Duration
  ) {
    var confirmed: Set<String> = []
    var failed: [String: Int] = [:]
    var unanswered: (count: Int, why: String) = (0, "")
    for (key, result) in results {
      switch result {
      case .confirmed:
        confirmed.insert(key)
        forbidden.found(by: key)
        unbound.found(by: key)
      case .returned(403, let text):
        forbidden.missed(by: key, waiting: nil, next: next, ["key": "\(key)", "answer": "\(text)"])
      case .returned(let code, let text):
        unbound.missed(
          by: key, waiting: nil, next: next, ["key": "\(key)", "answer": "\(code) \(text)"])
      case .refused: failed[key, default: 0] += 1
      case .unknown(let why): unanswered = (unanswered.count + 1, why)
      }
    }
    for (key, count) in failed.sorted(by: { $0.key < $1.key }) {
      refused.missed(by: key, waiting: count, next: next, ["key": "\(key)"])
    }
    for key in confirmed where failed[key] == nil { refused.found(by: key) }
    if unanswered.count > 0 {
      (isLost ? lost : unconfirmed).missed(
        by: "publisher", unanswered.why, waiting: unanswered.count, next: next)
    } else if !confirmed.isEmpty {  // An answer of another kind says nothing about it.
      unconfirmed.found(by: "publisher")
      lost.found(by: "publisher")
    }
  }
}

extension PublishResult {
  /// Why a message is not with a queue, for people.
  public var why: String {
    switch self {
    case .confirmed: "it was confirmed"
    case .returned(403, let text): "the user may not publish there: \(text)"
    case .returned(501, let text), .returned(502, let text): "AMQP cannot carry it: \(text)"
    case .returned(_, let text): "no queue receives it (\(text)): closectl topology apply"
    case .refused: "the queue is full"
    case .unknown(let why): "no confirm came: \(why)"
    }
  }
}
