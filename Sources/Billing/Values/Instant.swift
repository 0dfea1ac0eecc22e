/// A point in time, to the millisecond, between the years 0000 and 9999.
public struct Instant: Hashable, Sendable {
  /// Since 1970-01-01T00:00:00Z; earlier ones are negative.
  public let milliseconds: Int64

  static let earliest: Int64 = -62_167_219_200_000
  static let latest: Int64 = 253_402_300_799_999

  /// What lies outside the years 0000 to 9999 is brought to the nearest end, so that every instant
  /// can be written and read back.
  public init(milliseconds: Int64) {
    self.milliseconds = min(max(milliseconds, Self.earliest), Self.latest)
  }

  public func adding(milliseconds more: Int64) -> Instant {
    let (sum, overflow) = milliseconds.addingReportingOverflow(more)
    return Instant(milliseconds: overflow ? (more < 0 ? .min : .max) : sum)
  }

  public func adding(seconds: Int64) -> Instant {
    adding(milliseconds: Self.times(seconds, 1000))
  }

  /// Days of 24 hours.
  public func adding(days: Int) -> Instant {
    adding(milliseconds: Self.times(Int64(days), 86_400_000))
  }

  private static func times(_ value: Int64, _ unit: Int64) -> Int64 {
    let (product, overflow) = value.multipliedReportingOverflow(by: unit)
    return overflow ? (value < 0 ? .min : .max) : product
  }
}

extension Instant: Comparable {
  public static func < (left: Instant, right: Instant) -> Bool {
    left.milliseconds < right.milliseconds
  }
}

extension Instant: CustomStringConvertible {
  public var description: String { rfc3339 }
}

/// As RFC 3339 text.
extension Instant: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    do {
      self = try Instant(rfc3339: text)
    } catch {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(error)")
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(rfc3339)
  }
}

extension Instant {
  /// Reads `2026-11-01T00:15:00+01:00`. The offset is required; `t`, `z` and a space for the `T`
  /// are accepted; decimals of a second beyond the third are cut off. A leap second (`23:59:60` UTC
  /// at the end of June or December) is the last millisecond of its day: it stays in its month.
  public init(rfc3339 text: some StringProtocol) throws {
    var text = String(text)
    guard let parsed = text.withUTF8({ Instant(utf8: $0) }) else {
      throw TimeError.unreadableInstant(text)
    }
    self = parsed
  }

  /// The same without allocation, for millions of rows. `nil` where `init(rfc3339:)` throws.
  public init?(utf8 bytes: UnsafeBufferPointer<UInt8>) {
    guard bytes.count >= 20, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
      bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
      bytes[10] | 0x20 == UInt8(ascii: "t") || bytes[10] == UInt8(ascii: " "),
      let century = Self.twoDigits(bytes, 0), let yearOfCentury = Self.twoDigits(bytes, 2),
      let month = Self.twoDigits(bytes, 5), 1...12 ~= month,
      let day = Self.twoDigits(bytes, 8), day >= 1,
      let hour = Self.twoDigits(bytes, 11), hour <= 23,
      let minute = Self.twoDigits(bytes, 14), minute <= 59,
      let second = Self.twoDigits(bytes, 17), second <= 60
    else { return nil }
    let year = century * 100 + yearOfCentury
    guard day <= 28 || day <= CivilDate.days(inMonth: month, of: year) else { return nil }

    var index = 19
    guard let fraction = Self.fraction(bytes, &index),
      let offset = Self.offsetSeconds(bytes, index)
    else { return nil }

    let days = CivilDate(year: year, month: month, day: day).daysSinceEpoch
    let local = days * 86_400 + hour * 3600 + minute * 60
    var milliseconds = Int64(local - offset + min(second, 59)) * 1000
    if second == 60 {
      guard Self.endsWithLeapSecond(minuteStart: local - offset) else { return nil }
      milliseconds += 999
    } else {
      milliseconds += Int64(fraction)
    }
    guard Self.earliest...Self.latest ~= milliseconds else { return nil }
    self.init(milliseconds: milliseconds)
  }

  /// UTC, with milliseconds only when there are any: `2026-10-31T23:15:00Z`.
  public var rfc3339: String {
    let days = Self.floorDivide(milliseconds, 86_400_000)
    let ofDay = Int(milliseconds - days * 86_400_000)
    let date = CivilDate(daysSinceEpoch: Int(days))
    let length = ofDay % 1000 == 0 ? 20 : 24
    return String(unsafeUninitializedCapacity: length) { text in
      Self.write(date.year, 4, at: 0, before: "-", into: text)
      Self.write(date.month, 2, at: 5, before: "-", into: text)
      Self.write(date.day, 2, at: 8, before: "T", into: text)
      Self.write(ofDay / 3_600_000, 2, at: 11, before: ":", into: text)
      Self.write(ofDay / 60_000 % 60, 2, at: 14, before: ":", into: text)
      Self.write(ofDay / 1000 % 60, 2, at: 17, before: length == 20 ? "Z" : ".", into: text)
      if length == 24 { Self.write(ofDay % 1000, 3, at: 20, before: "Z", into: text) }
      return length
    }
  }

  static func floorDivide(_ value: Int64, _ by: Int64) -> Int64 {
    value >= 0 ? value / by : (value - by + 1) / by
  }

  private static func write(
    _ value: Int, _ digits: Int, at index: Int, before separator: Unicode.Scalar,
    into text: UnsafeMutableBufferPointer<UInt8>
  ) {
    var value = value
    for place in stride(from: index + digits - 1, through: index, by: -1) {
      text[place] = UInt8(ascii: "0") + UInt8(value % 10)
      value /= 10
    }
    text[index + digits] = UInt8(ascii: separator)
  }

  private static func twoDigits(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> Int? {
    let tens = bytes[index] &- UInt8(ascii: "0")
    let ones = bytes[index + 1] &- UInt8(ascii: "0")
    guard tens <= 9, ones <= 9 else { return nil }
    return Int(tens) * 10 + Int(ones)
  }

  /// The milliseconds after the point, if there is one; `index` moves behind it.
  private static func fraction(_ bytes: UnsafeBufferPointer<UInt8>, _ index: inout Int) -> Int? {
    guard bytes[index] == UInt8(ascii: ".") else { return 0 }
    index += 1
    let first = index
    var value = 0
    while index < bytes.count, bytes[index] &- UInt8(ascii: "0") <= 9 {
      if index - first < 3 { value = value * 10 + Int(bytes[index] - UInt8(ascii: "0")) }
      index += 1
    }
    switch index - first {
    case 0: return nil
    case 1: return value * 100
    case 2: return value * 10
    default: return value
    }
  }

  /// `Z`, `+01:00`, `-03:30`, at the very end.
  private static func offsetSeconds(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> Int? {
    guard index < bytes.count else { return nil }
    let sign = bytes[index]
    if sign | 0x20 == UInt8(ascii: "z") { return index == bytes.count - 1 ? 0 : nil }
    guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), bytes.count == index + 6,
      bytes[index + 3] == UInt8(ascii: ":"),
      let hours = twoDigits(bytes, index + 1), hours <= 23,
      let minutes = twoDigits(bytes, index + 4), minutes <= 59
    else { return nil }
    let seconds = hours * 3600 + minutes * 60
    return sign == UInt8(ascii: "-") ? -seconds : seconds
  }

  private static func endsWithLeapSecond(minuteStart: Int) -> Bool {
    guard (minuteStart + 60) % 86_400 == 0 else { return false }
    let next = CivilDate(daysSinceEpoch: (minuteStart + 60) / 86_400)
    return next.day == 1 && (next.month == 1 || next.month == 7)
  }
}
