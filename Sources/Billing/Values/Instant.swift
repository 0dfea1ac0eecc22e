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
