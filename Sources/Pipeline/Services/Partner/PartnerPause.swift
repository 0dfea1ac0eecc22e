import Billing

/// When the gateway or the mail server is called and when it is left alone: events in, the state
/// out, no clock and no log of its own.
///
/// A partner that cannot be reached, refuses our key or asks for time is left alone at once. One
/// that gives several calls in a row nothing certain is left alone too, so that an hour of a
/// proxy's pages does not use up the retries of every message. When a pause is over, one call goes
/// out as a probe: its answer ends the pause or doubles it.
struct PartnerPause: Sendable, Equatable {
  /// What a call has shown about the partner.
  enum Heard: Sendable, Equatable {
    /// It spoke for itself, whatever it said of what was asked.
    case word
    /// Something about this call alone, from which nothing follows for others.
    case aside
    /// Perhaps the partner, perhaps this call: so many different ones in a row are the partner.
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
    /// What is said of them: `answers in a row say nothing certain`.
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
    /// The call about this is under way.
    case probing(Stop, key: String)

    var stop: Stop? {
      switch self {
      case .calling: nil
      case .paused(let stop), .probing(let stop, _): stop
      }
    }
  }

  /// So many probes about the same thing tell of that, and no more of the partner.
  static let probeLimit = 3
  static let shortest: Int64 = 1_000
  static let longest: Int64 = 30_000

  private(set) var phase = Phase.calling
  private var doubted: Set<String> = []
  /// Probes about one thing in a row that brought nothing certain.
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
    // A call that left before the pause: it shows nothing new, unless the partner asks for time.
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
