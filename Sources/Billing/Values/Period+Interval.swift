import Synchronization

extension Period {
  /// The period in a time zone, its start included and its end not. It begins when the zone's
  /// clocks first show the first day of the month (not always at midnight: some zones skip that
  /// hour), and ends when the next one begins, so periods neither overlap nor leave a gap.
  ///
  /// Throws `TimeError.unknownTimeZone`. Answers are kept: called for every account of a close.
  public func interval(in timeZone: String) throws -> Range<Instant> {
    let key = IntervalKey(period: self, timeZone: timeZone)
    if let known = Self.intervals.withLock({ $0[key] }) { return known }
    let zone = try ZoneOffsets(timeZone)
    let interval = zone.start(of: self)..<zone.start(of: next)
    Self.intervals.withLock { known in
      // Periods come from messages too: a flood of invented ones must not fill the memory.
      if known.count >= 8192 { known.removeAll() }
      known[key] = interval
    }
    return interval
  }

  /// The period whose interval in the time zone holds the instant.
  public static func containing(_ instant: Instant, in timeZone: String) throws -> Period {
    let days = Instant.floorDivide(instant.milliseconds, 86_400_000)
    let date = CivilDate(daysSinceEpoch: Int(days))
    let guess = try Period(year: date.year, month: date.month)
    let interval = try guess.interval(in: timeZone)
    if interval.contains(instant) { return guess }
    let other = instant < interval.lowerBound ? guess.previous : guess.next
    // Checked once more: the first and the last month have neighbours that are none.
    return try Period(year: other.year, month: other.month)
  }

  private struct IntervalKey: Hashable {
    var period: Period
    var timeZone: String
  }

  private static let intervals = Mutex<[IntervalKey: Range<Instant>]>([:])
}
