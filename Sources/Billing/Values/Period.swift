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
