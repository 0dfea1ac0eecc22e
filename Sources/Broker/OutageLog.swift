import Logging
import Synchronization

/// Writes an outage's log lines, whichever part of a process notices it: one when it begins, one
/// every ten minutes while it lasts, sooner if the reason changes, and one when it is over.
/// Everything else is logged at level `debug`.
package final class OutageLog: Sendable {
  private let saying: String
  private let back: String?
  private let level: Logger.Level
  private let logger: Logger
  private let state = Mutex(Outage())

  /// `saying`: "waiting for the broker". `back`: logged when it is over; `nil` for nothing.
  package init(
    _ saying: String, back: String? = nil, level: Logger.Level = .warning, _ logger: Logger
  ) {
    self.saying = saying
    self.back = back
    self.level = level
    self.logger = logger
  }

  /// `waiting`: messages waiting because of it, as far as the caller knows. `next`: until the next
  /// try.
  package func missed(
    by caller: String, _ why: String? = nil, waiting: Int?, next: Duration,
    _ details: Logger.Metadata = [:], at now: ContinuousClock.Instant = .now
  ) {
    let word = state.withLock { $0.missed(by: caller, why ?? "", at: now) }
    let sentence = why.map { "\(saying): \($0)" } ?? saying
    var details = details
    details["next_try_seconds"] = .seconds(next)
    if let waiting { details["waiting"] = .stringConvertible(waiting) }
    switch word {
    case .begins: logger.log(level: level, "\(sentence)", metadata: details)
    case .goesOn(let time):
      details["away_seconds"] = .seconds(time)
      logger.log(level: level, "still \(sentence)", metadata: details)
    case .known:
      details["by"] = "\(caller)"
      logger.debug("\(sentence)", metadata: details)
    }
  }

  package func found(
    by caller: String, _ details: Logger.Metadata = [:], at now: ContinuousClock.Instant = .now
  ) {
    guard let time = state.withLock({ $0.found(by: caller, at: now) }), let back else { return }
    logger.notice("\(back)", metadata: details.merging(["away_seconds": .seconds(time)]) { $1 })
  }
}

extension Logger.MetadataValue {
  /// A number of seconds, to the millisecond.
  package static func seconds(_ duration: Duration) -> Self {
    let (seconds, attoseconds) = duration.components
    let milliseconds = (Double(attoseconds) / 1e15).rounded()
    return .stringConvertible((Double(seconds) * 1000 + milliseconds) / 1000)
  }

  package static func number(_ count: Int) -> Self { .stringConvertible(count) }
}

/// Decides when an outage deserves a log line: once when it begins, now and then while it lasts,
/// and once when it is over. However many callers notice it, and however often each of them
/// retries, it is one outage: it lasts until every caller that missed the part has found it again,
/// or until none has missed it for long.
package struct Outage: Sendable {
  package enum Word: Sendable, Equatable {
    case begins
    case goesOn(Duration)
    /// Nothing new to report.
    case known
  }

  /// So that the last minutes of a log explain why nothing happens.
  package static let reminder = Duration.seconds(600)
  /// A new reason, such as the one that follows a lost connection.
  package static let newReason = Duration.seconds(60)
  /// Twice the longest usual pause between two tries. Not everything that is missed is found again:
  /// a message may become a dead letter, or another process may have it.
  static let forgotten = Duration.seconds(7200)

  private var missedBy: Set<String> = []
  private var begun = ContinuousClock.Instant.now
  private var said = ContinuousClock.Instant.now
  private var lastMissed = ContinuousClock.Instant.now
  private var reasons: Set<String> = []

  package init() {}

  package mutating func missed(
    by caller: String, _ why: String = "", at now: ContinuousClock.Instant
  ) -> Word {
    forget(at: now)
    let isNew = missedBy.isEmpty
    missedBy.insert(caller)
    lastMissed = now
    if isNew {
      begun = now
      said = now
      reasons = [why]
      return .begins
    }
    let isNews = !reasons.contains(why) && now - said >= Self.newReason
    guard isNews || now - said >= Self.reminder else { return .known }
    said = now
    reasons.insert(why)
    return .goesOn(now - begun)
  }

  /// The duration of the outage, once all that missed the part have it again.
  package mutating func found(by caller: String, at now: ContinuousClock.Instant) -> Duration? {
    forget(at: now)
    guard missedBy.remove(caller) != nil, missedBy.isEmpty else { return nil }
    return now - begun
  }

  private mutating func forget(at now: ContinuousClock.Instant) {
    if now - lastMissed > Self.forgotten { missedBy = [] }
  }
}
