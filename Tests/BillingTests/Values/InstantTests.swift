import Foundation
import Testing

@testable import Billing

@Suite struct InstantTests {
  @Test(arguments: [
    ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
    ("2026-11-01T00:15:00+01:00", "2026-10-31T23:15:00Z"),
    ("2026-11-01T00:15:00-03:30", "2026-11-01T03:45:00Z"),
    ("2026-11-01t00:15:00z", "2026-11-01T00:15:00Z"),
    ("2026-11-01 00:15:00Z", "2026-11-01T00:15:00Z"),
    ("2026-11-01T00:15:00-00:00", "2026-11-01T00:15:00Z"),
    ("2026-11-01T00:15:00.5Z", "2026-11-01T00:15:00.500Z"),
    ("2026-11-01T00:15:00.05Z", "2026-11-01T00:15:00.050Z"),
    ("2026-11-01T00:15:00.000Z", "2026-11-01T00:15:00Z"),
    ("2026-11-01T00:15:00.1239999Z", "2026-11-01T00:15:00.123Z"),
    ("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"),
    ("2024-02-29T12:00:00Z", "2024-02-29T12:00:00Z"),
    ("2000-02-29T12:00:00Z", "2000-02-29T12:00:00Z"),
    ("2027-01-01T00:30:00+14:00", "2026-12-31T10:30:00Z"),
    ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59.999Z"),
    ("2017-01-01T00:59:60.5+01:00", "2016-12-31T23:59:59.999Z"),
    ("2015-06-30T23:59:60Z", "2015-06-30T23:59:59.999Z"),
    ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z"),
    ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
  ])
  func `A time is read from RFC 3339 and written in UTC`(text: String, written: String) throws {
    let instant = try Instant(rfc3339: text)
    #expect(instant.rfc3339 == written)
    #expect(try Instant(rfc3339: written) == instant)
  }

  @Test(arguments: [
    "", "2026-11-01", "2026-11-01T00:15:00", "2026-11-01T00:15Z", "2026-11-01T24:00:00Z",
    "2026-11-31T00:00:00Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
    "2026-00-01T00:00:00Z", "2026-11-00T00:00:00Z", "2026-11-01T00:60:00Z",
    "2026-11-01T12:00:60Z", "2026-11-30T23:59:60Z", "2026-11-01T00:15:00.Z",
    "2026-11-01T00:15:00+0100", "2026-11-01T00:15:00+01", "2026-11-01T00:15:00+24:00",
    "2026-11-01T00:15:00+01:60", "2026-11-01T00:15:00ZZ", "2026-11-01T00:15:00.5",
    "2026-11-01T00:15:00.5+01:0", "2026/11/01T00:15:00Z", "26-11-01T00:15:00Z0000",
    "0000-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "２026-11-01T00:15:00Z",
  ])
  func `What is not a time is refused`(text: String) {
    #expect(throws: TimeError.unreadableInstant(text)) { try Instant(rfc3339: text) }
  }

  @Test func `Every day from 1890 to 2110 is the one Foundation knows`() throws {
    let calendar = ISO8601DateFormatter()
    for day in stride(from: -29_220, to: 51_135, by: 1) {
      let instant = Instant(milliseconds: Int64(day) * 86_400_000)
      let date = Date(timeIntervalSince1970: Double(day) * 86_400)
      #expect(instant.rfc3339 == calendar.string(from: date))
      #expect(try Instant(rfc3339: instant.rfc3339) == instant)
    }
  }

  @Test func `Adding moves by exact amounts and stops at the ends`() throws {
    let start = try Instant(rfc3339: "2026-12-31T23:59:59.500Z")
    #expect(start.adding(milliseconds: 500).rfc3339 == "2027-01-01T00:00:00Z")
    #expect(start.adding(seconds: -60).rfc3339 == "2026-12-31T23:58:59.500Z")
    #expect(start.adding(days: 60).rfc3339 == "2027-03-01T23:59:59.500Z")
    #expect(start.adding(days: .max).rfc3339 == "9999-12-31T23:59:59.999Z")
    #expect(start.adding(days: .min).rfc3339 == "0000-01-01T00:00:00Z")
    #expect(start.adding(seconds: .max) > start)
    #expect(start.adding(milliseconds: .min) < start)
  }

  @Test func `In JSON it is text`() throws {
    let instants = [try Instant(rfc3339: "2026-10-31T23:15:00Z")]
    let encoded = try JSONEncoder().encode(instants)
    #expect(String(decoding: encoded, as: UTF8.self) == #"["2026-10-31T23:15:00Z"]"#)
    #expect(try JSONDecoder().decode([Instant].self, from: encoded) == instants)
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode([Instant].self, from: Data("[1761952500]".utf8))
    }
  }
}
