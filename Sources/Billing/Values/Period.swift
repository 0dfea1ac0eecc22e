import Synchronization

/// A calendar month, `2026-11`. When it begins and ends depends on the account's time zone.
public struct Period: Hashable, Sendable {
  /// Months since the year 0.
  private let index: Int32

  public var year: Int { Int(index) / 12 }
  public var month: Int { Int(index) % 12 + 1 }
  public var next: Period { Period(index: index + 1) }
  public var previous: Period { Period(index: index - 1) }
  /// 1 for the next month, negative for an earlier one.
  public func months(until later: Period) -> Int { Int(later.index) - Int(index) }

  /// Of its first day, by the calendar alone: 1970-01-01 is 0.
  public var daysSinceEpoch: Int { firstDay.daysSinceEpoch }

  public static let years = 1900...9998

  public init(year: Int, month: Int) throws {
    guard Self.years.contains(year), 1...12 ~= month else {
      throw TimeError.unreadablePeriod("\(year)-\(month)")
    }
    self.init(index: Int32(year * 12 + month - 1))
  }

  /// Reads `2026-11`: four digits from 1900 to 9998, a hyphen, two digits.
  public init(_ text: some StringProtocol) throws {
    let bytes = Array(text.utf8.prefix(8))
    let digits = bytes.map { Int($0) - Int(UInt8(ascii: "0")) }
    guard bytes.count == 7, bytes[4] == UInt8(ascii: "-"),
      [0, 1, 2, 3, 5, 6].allSatisfy({ 0...9 ~= digits[$0] })
    else { throw TimeError.unreadablePeriod(String(text)) }
    let year = digits[0] * 1000 + digits[1] * 100 + digits[2] * 10 + digits[3]
    do {
      try self.init(year: year, month: digits[5] * 10 + digits[6])
    } catch {
      throw TimeError.unreadablePeriod(String(text))
    }
  }

  private init(index: Int32) {
    self.index = index
  }
}

extension Period: Comparable {
  public static func < (left: Period, right: Period) -> Bool { left.index < right.index }
}

extension Period: CustomStringConvertible {
  public var description: String {
    let month = month
    return "\(year)-\(month < 10 ? "0" : "")\(month)"
  }
}

/// As text, `"2026-11"`.
extension Period: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    do {
      self = try Period(text)
    } catch {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(error)")
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

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

/// What can be wrong with a time, a period or a time zone.
public enum TimeError: Error, Equatable, Sendable {
  case unreadableInstant(String)
  case unreadablePeriod(String)
  case unknownTimeZone(String)
}

extension TimeError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unreadableInstant(let text):
      "'\(text.prefix(40))' is not a time; expected RFC 3339 with an offset such as "
        + "2026-11-01T00:15:00+01:00"
    case .unreadablePeriod(let text):
      "'\(text.prefix(40))' is not a period; expected YYYY-MM such as 2026-11"
    case .unknownTimeZone(let name):
      "unknown time zone '\(name.prefix(40))'; expected an IANA name such as Europe/Zurich"
    }
  }
}
