import Billing
import Broker
import Logging
import Synchronization

/// Logs messages that are not done: one line per wave, not one per message. The messages themselves
/// are logged at level `debug`, and have their reasons in the dead letter queue.
final class RunnerLog: Sendable {
  private let logger: Logger
  private let holding: OutageLog
  /// One each: a message waiting for the mail server says nothing about those waiting for the
  /// gateway.
  private let retrying: [FaultReason: OutageLog]
  private let moving: OutageLog

  init(_ logger: Logger) {
    self.logger = logger
    holding = OutageLog("pausing", back: "no longer pausing", logger)
    retrying = Dictionary(
      uniqueKeysWithValues: FaultReason.allCases.map {
        ($0, OutageLog("retry", back: "everything to be retried is done", logger))
      })
    moving = OutageLog(
      "messages could not be moved and are kept", back: "messages can be moved again",
      level: .error, logger)
  }

  func pauses(_ fault: Fault, waiting: Int, next: Duration) {
    holding.missed(
      by: "work", fault.explanation, waiting: waiting, next: next,
      ["reason": "\(fault.reason.rawValue)"])
  }

  func goesOn() { holding.found(by: "work") }

  // MARK: Messages that leave their queue

  /// `isLost`: logged by the broker's connection. `inHand`: messages of all batches in progress,
  /// which are affected in the same way if something is down.
  func moved(
    _ moves: [RetryPolicy.Move], _ results: [PublishResult], isLost: Bool, inHand: Int
  ) {
    var dead: [FaultReason: [RetryPolicy.Move]] = [:]
    var retried: [FaultReason: (first: Fault, count: Int, next: Duration)] = [:]
    var kept: (count: Int, why: String) = (0, "")
    for (move, result) in zip(moves, results) {
      let reason = move.fault.reason
      if result != .confirmed {
        kept = (kept.count + 1, result.why)
      } else if move.isDead {
        dead[reason, default: []].append(move)
      } else if !move.isPutOff {
        // Messages that are put off are logged once for all, where they are put off.
        let known = retried[reason] ?? (move.fault, 0, move.delay)
        retried[reason] = (known.first, known.count + 1, min(known.next, move.delay))
      }
      detail(move, result)
    }
    for (reason, wave) in retried.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      retrying[reason]?.missed(
        by: "work", wave.first.explanation, waiting: max(wave.count, inHand),
        next: wave.next,
        ["reason": "\(reason.rawValue)"])
    }
    for (_, letters) in dead.sorted(by: { $0.key.rawValue < $1.key.rawValue }) { died(letters) }
    if kept.count == 0 {
      moving.found(by: "work")
    } else if !isLost {
      moving.missed(by: "work", kept.why, waiting: kept.count, next: .seconds(1))
    }
  }

  /// The trace identifies a message in the logs of all services. A retried message that is done
  /// ends the wave with its reason.
  func done(_ results: [DeliveryResult]) {
    for case .processed(let job, .done) in results {
      logger.debug(
        "done",
        metadata: [
          "message_id": "\(job.event.id)", "type": "\(job.type.rawValue)",
          "trace": "\(job.event.trace.traceID)", "span": "\(job.event.trace.spanID)",
        ])
      if case .string(let word)? = job.delivery.headers[Header.reason],
        let reason = FaultReason(rawValue: word)
      {
        retrying[reason]?.found(by: "work", ["reason": "\(word)"])
      }
    }
  }

  private func died(_ letters: [RetryPolicy.Move]) {
    var details: Logger.Metadata = [
      "reason": "\(letters[0].fault.reason.rawValue)", "letters": .number(letters.count),
    ]
    if letters.count == 1 { details.merge(letters[0].shown) { $1 } }
    logger.error("dead letter: \(letters[0].fault.explanation)", metadata: details)
  }

  private func detail(_ move: RetryPolicy.Move, _ result: PublishResult) {
    var details = move.shown
    details["reason"] = "\(move.fault.reason.rawValue)"
    details["to"] = "\(move.message.routingKey)"
    if result != .confirmed { details["kept"] = "\(result.why)" }
    logger.debug("not done: \(move.fault.explanation)", metadata: details)
  }
}

extension RetryPolicy.Move {
  /// The id and the trace identify a message in the logs of all services.
  fileprivate var shown: Logger.Metadata {
    var shown: Logger.Metadata = ["message_id": "\(delivery.messageID ?? "without id")"]
    if let trace { shown["trace"] = "\(trace.traceID)" }
    return shown
  }
}

/// What a process has done since it started; its last log line.
public final class RunCounters: Sendable {
  public enum Kind: Int, Sendable, CaseIterable { case handled, retried, dead }

  private let counts = Mutex([Int](repeating: 0, count: Kind.allCases.count))

  public init() {}

  func count(_ kind: Kind, _ number: Int = 1) {
    counts.withLock { $0[kind.rawValue] += number }
  }

  public subscript(_ kind: Kind) -> Int {
    counts.withLock { $0[kind.rawValue] }
  }
}
