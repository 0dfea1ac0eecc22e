import FoundationEssentials

/// The offsets of one time zone, from Foundation's own copy of the IANA database. It comes with the
/// Swift runtime, not with the machine: every machine that runs the same build has the same months,
/// and a country's new rule arrives with a newer Swift.
///
/// The copy is there as soon as a program links Foundation, which all of ours do; without it every
/// zone is unknown, which is an error and never a wrong month.
struct ZoneOffsets {
  private let zone: TimeZone

  /// Refuses `GMT+5` and the like: Foundation means east by it, the IANA's `Etc/GMT+5` means west.
  init(_ name: String) throws {
    let isOffset = !name.contains("/") && name.contains { "+-:".contains($0) }
    guard !isOffset, let zone = TimeZone(identifier: name) else {
      throw TimeError.unknownTimeZone(name)
    }
    self.zone = zone
  }

  /// Seconds east of Greenwich.
  func offset(at second: Int) -> Int {
    zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(second)))
  }

  /// The first instant at which the zone's clocks show the first of the month or later.
  func start(of period: Period) -> Instant { start(of: period.firstDay) }

  /// The first instant at which the zone's clocks show the day or a later one.
  ///
  /// Works through the stretches of one offset around that midnight: offsets lie between -16 and
  /// +16 hours, and no zone has ever changed twice within an hour.
  func start(of date: CivilDate) -> Instant {
    let midnight = date.daysSinceEpoch * 86_400
    let last = midnight + 17 * 3600
    var begin = midnight - 17 * 3600
    var current = offset(at: begin)
    var probe = begin
    while probe < last {
      let next = probe + 3600
      let following = offset(at: next)
      if following != current {
        let change = self.change(from: current, after: probe, by: next)
        let candidate = max(begin, midnight - current)
        if candidate < change { return Self.instant(candidate) }
        begin = change
        current = following
      }
      probe = next
    }
    return Self.instant(max(begin, midnight - current))
  }

  /// The second at which the offset stops being `old`.
  private func change(from old: Int, after: Int, by: Int) -> Int {
    var low = after
    var high = by
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if offset(at: middle) == old { low = middle } else { high = middle }
    }
    return high
  }

  private static func instant(_ second: Int) -> Instant {
    Instant(milliseconds: Int64(second) * 1000)
  }
}
