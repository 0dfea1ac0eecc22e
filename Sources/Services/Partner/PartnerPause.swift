import Billing

/// Decides when the gateway or the mail server is called and when calls pause: events in, state
/// out, with no clock or log of its own.
///
/// Calls pause at once if a partner cannot be reached, rejects our key or asks for time. They also
/// pause after several inconclusive answers in a row, so that an hour of a proxy's pages does not
/// use up the retries of every message. When a pause is over, one call goes out as a probe: its
/// answer ends the pause or doubles it.
struct PartnerPause: Sendable, Equatable {
  /// What a call has shown about the partner.
  enum Heard: Sendable, Equatable {
    /// The partner itself answered, whatever the answer.
    case word
    /// Something about this call alone, which says nothing about others.
    case aside
    /// Perhaps the partner, perhaps this call; after this many different calls in a row, the
    /// partner.
    case doubt(Doubt)
    case away(FaultReason, String)
    /// It asks for time.
    case later(FaultReason, seconds: Int)
  }

  struct Doubt: Sendable, Equatable {
    var reason: FaultReason
    var why: String
    /// How many different ones in a row pause the calls.
    var limit: Int
    /// How they are described: `answers in a row were inconclusive`.
    var ofMany: String
  }

  struct Stop: Sendable, Equatable {
    var reason: FaultReason
    var why: String
    var begunAt: Instant
    var until: Instant
    var milliseconds: Int64
  }

  enum Phase: Sendable, Equatable {
    case calling
    case paused(Stop)
    /// The call about this is in progress.
    case probing(Stop, key: String)

    var stop: Stop? {
      switch self {
      case .calling: nil
      case .paused(let stop), .probing(let stop, _): stop
      }
    }
  }

  /// This many probes about the same thing say something about that thing, no longer about the
  /// partner.
  static let probeLimit = 3
  static let shortest: Int64 = 1_000
  static let longest: Int64 = 30_000

  private(set) var phase = Phase.calling
  private var doubted: Set<String> = []
  /// Successive inconclusive probes about one thing.
  private var probed: (key: String, count: Int) = ("", 0)

  static func == (one: PartnerPause, other: PartnerPause) -> Bool {
    one.phase == other.phase && one.doubted == other.doubted
  }

  var stop: Stop? { phase.stop }

  /// Whether a call may be prepared: always while calling, and one at a time once a pause is over.
  func mayCall(at now: Instant) -> Bool {
    switch phase {
    case .calling: true
    case .probing: false
    case .paused(let stop): stop.isOver(at: now)
    }
  }

  /// Whether the call about this goes out now.
  mutating func admits(_ key: String, at now: Instant) -> Bool {
    switch phase {
    case .calling: return true
    case .probing: return false
    case .paused(let stop):
      guard stop.isOver(at: now) else { return false }
      phase = .probing(stop, key: key)
      return true
    }
  }

  mutating func heard(_ heard: Heard, about key: String, at now: Instant) {
    switch phase {
    case .calling: heardCalling(heard, key, now)
    case .probing(let stop, key): heardProbing(heard, stop, key, now)
    // A call that left before the pause shows nothing new, unless the partner asks for time.
    case .paused(let stop), .probing(let stop, _):
      if case .later(_, let seconds) = heard { prolong(stop, seconds, now) }
    }
  }

  private mutating func heardCalling(_ heard: Heard, _ key: String, _ now: Instant) {
    switch heard {
    case .word: doubted = []
    case .aside: break
    case .doubt(let doubt):
      doubted.insert(key)
      if doubted.count >= doubt.limit {
        pause(doubt.reason, "\(doubted.count) \(doubt.ofMany): \(doubt.why)", now)
      }
    case .away(let reason, let why): pause(reason, why, now)
    case .later(let reason, let seconds): pause(reason, Self.asked(seconds), now, seconds: seconds)
    }
  }

  private mutating func heardProbing(
    _ heard: Heard, _ stop: Stop, _ key: String, _ now: Instant
  ) {
    let doubled = min(stop.milliseconds * 2, Self.longest)
    switch heard {
    case .word:
      phase = .calling
      doubted = []
    case .aside:
      // The next call is the probe.
      var over = stop
      over.until = now
      phase = .paused(over)
    case .doubt(let doubt):
      probed = (key, probed.key == key ? probed.count + 1 : 1)
      guard probed.count < Self.probeLimit else {
        phase = .calling
        doubted = [key]
        return
      }
      pause(doubt.reason, doubt.why, now, doubled)
    case .away(let reason, let why): pause(reason, why, now, doubled)
    case .later(let reason, let seconds): pause(reason, Self.asked(seconds), now, seconds: seconds)
    }
  }

  private mutating func pause(
    _ reason: FaultReason, _ why: String, _ now: Instant, _ milliseconds: Int64 = shortest,
    seconds: Int = 0
  ) {
    let length = max(milliseconds, Int64(seconds) * 1000)
    phase = .paused(
      Stop(
        reason: reason, why: why, begunAt: now, until: now.adding(milliseconds: length),
        milliseconds: milliseconds))
  }

  private mutating func prolong(_ stop: Stop, _ seconds: Int, _ now: Instant) {
    var longer = stop
    longer.until = max(stop.until, now.adding(milliseconds: Int64(seconds) * 1000))
    if case .probing(_, let key) = phase {
      phase = .probing(longer, key: key)
    } else {
      phase = .paused(longer)
    }
  }

  private static func asked(_ seconds: Int) -> String {
    "it asks us to wait \(seconds) s"
  }
}

extension PartnerPause.Stop {
  /// A clock that was set back does not keep the partner waiting.
  func isOver(at now: Instant) -> Bool { now >= until || now < begunAt }

  func remaining(at now: Instant) -> Duration {
    isOver(at: now) ? .zero : .milliseconds(until.milliseconds - now.milliseconds)
  }
}
