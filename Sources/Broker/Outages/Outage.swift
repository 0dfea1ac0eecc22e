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
    by who: String, _ why: String = "", at now: ContinuousClock.Instant
  ) -> Word {
    forget(at: now)
    let isNew = missedBy.isEmpty
    missedBy.insert(who)
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
  package mutating func found(by who: String, at now: ContinuousClock.Instant) -> Duration? {
    forget(at: now)
    guard missedBy.remove(who) != nil, missedBy.isEmpty else { return nil }
    return now - begun
  }

  private mutating func forget(at now: ContinuousClock.Instant) {
    if now - lastMissed > Self.forgotten { missedBy = [] }
  }
}
