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
    by who: String, _ why: String? = nil, waiting: Int?, next: Duration,
    _ details: Logger.Metadata = [:], at now: ContinuousClock.Instant = .now
  ) {
    let word = state.withLock { $0.missed(by: who, why ?? "", at: now) }
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
      details["by"] = "\(who)"
      logger.debug("\(sentence)", metadata: details)
    }
  }

  package func found(
    by who: String, _ details: Logger.Metadata = [:], at now: ContinuousClock.Instant = .now
  ) {
    guard let time = state.withLock({ $0.found(by: who, at: now) }), let back else { return }
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
