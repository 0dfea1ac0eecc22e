/// A day of the proleptic Gregorian calendar, and its place on the line of days since 1970-01-01.
public struct CivilDate: Hashable, Sendable {
  public let year: Int
  public let month: Int
  public let day: Int

  /// Years are counted from March here, so that the leap day is the last one (Howard Hinnant,
  /// "chrono-compatible low-level date algorithms").
  public var daysSinceEpoch: Int {
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  init(year: Int, month: Int, day: Int) {
    self.year = year
    self.month = month
    self.day = day
  }

  public init(daysSinceEpoch: Int) {
    let shifted = daysSinceEpoch + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  /// Reads `2026-11-15`, a day that there is, of a year that has periods; `nil` for all else.
  public init?(_ text: some StringProtocol) {
    let bytes = Array(text.utf8.prefix(11))
    let digits = bytes.map { Int($0) - Int(UInt8(ascii: "0")) }
    let hyphen = UInt8(ascii: "-")
    guard bytes.count == 10, bytes[4] == hyphen, bytes[7] == hyphen,
      [0, 1, 2, 3, 5, 6, 8, 9].allSatisfy({ 0...9 ~= digits[$0] })
    else { return nil }
    let year = digits[0] * 1000 + digits[1] * 100 + digits[2] * 10 + digits[3]
    self.init(inPeriods: year, digits[5] * 10 + digits[6], digits[8] * 10 + digits[9])
  }

  /// `nil` unless there is such a day, of a year that has periods.
  public init?(inPeriods year: Int, _ month: Int, _ day: Int) {
    guard Period.years.contains(year), 1...12 ~= month,
      1...Self.days(inMonth: month, of: year) ~= day
    else { return nil }
    self.init(year: year, month: month, day: day)
  }

  public var dayBefore: CivilDate { CivilDate(daysSinceEpoch: daysSinceEpoch - 1) }

  static func isLeap(_ year: Int) -> Bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
  }

  static func days(inMonth month: Int, of year: Int) -> Int {
    switch month {
    case 4, 6, 9, 11: 30
    case 2: isLeap(year) ? 29 : 28
    default: 31
    }
  }
}

extension CivilDate: Comparable {
  public static func < (left: CivilDate, right: CivilDate) -> Bool {
    (left.year, left.month, left.day) < (right.year, right.month, right.day)
  }
}

extension CivilDate: CustomStringConvertible {
  public var description: String {
    let (month, day) = (month, day)
    return "\(year)-\(month < 10 ? "0" : "")\(month)-\(day < 10 ? "0" : "")\(day)"
  }
}

extension CivilDate {
  /// The first instant at which the zone's clocks show this day or a later one. Throws
  /// `TimeError.unknownTimeZone`.
  public func start(in timeZone: String) throws -> Instant {
    try ZoneOffsets(timeZone).start(of: self)
  }
}

extension Period {
  public var firstDay: CivilDate { CivilDate(year: year, month: month, day: 1) }
  public var days: Int { next.daysSinceEpoch - daysSinceEpoch }
}
