import Foundation
import Testing

@testable import Billing

@Suite struct PeriodTests {
  @Test func `A period is read, written and counted on`() throws {
    let period = try Period("2026-12")
    #expect((period.year, period.month) == (2026, 12))
    #expect("\(period)" == "2026-12")
    #expect("\(period.next)" == "2027-01")
    #expect("\(try Period("2026-01").previous)" == "2025-12")
    #expect(try Period(year: 2026, month: 2) == Period("2026-02"))
    #expect(try Period("2026-09") < Period("2026-10"))
    let encoded = try JSONEncoder().encode([period])
    #expect(String(decoding: encoded, as: UTF8.self) == #"["2026-12"]"#)
    #expect(try JSONDecoder().decode([Period].self, from: encoded) == [period])
  }

  @Test(arguments: [
    "", "2026", "2026-1", "2026-13", "2026-00", "2026-111", "26-11", "2026/11", " 2026-11",
    "-026-11", "1899-12", "9999-01", "2026-1a",
  ])
  func `What is not a period is refused`(text: String) {
    #expect(throws: TimeError.unreadablePeriod(text)) { try Period(text) }
  }

  /// Hours of the month at the end of each line, or the reason for an odd number of them.
  @Test(arguments: [
    ("2026-11", "Europe/Zurich", "2026-10-31T23:00:00Z", "2026-11-30T23:00:00Z", 720),
    ("2026-03", "Europe/Zurich", "2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z", 743),
    ("2026-10", "Europe/Zurich", "2026-09-30T22:00:00Z", "2026-10-31T23:00:00Z", 745),
    ("2026-12", "Europe/Zurich", "2026-11-30T23:00:00Z", "2026-12-31T23:00:00Z", 744),
    ("2028-02", "Europe/Zurich", "2028-01-31T23:00:00Z", "2028-02-29T23:00:00Z", 696),
    ("2100-02", "Asia/Tokyo", "2100-01-31T15:00:00Z", "2100-02-28T15:00:00Z", 672),
    ("2026-11", "Asia/Tokyo", "2026-10-31T15:00:00Z", "2026-11-30T15:00:00Z", 720),
    ("2026-11", "UTC", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z", 720),
    ("2018-11", "America/Sao_Paulo", "2018-11-01T03:00:00Z", "2018-12-01T02:00:00Z", 719),
    // One day, the 30th, was left out.
    ("2011-12", "Pacific/Apia", "2011-12-01T10:00:00Z", "2011-12-31T10:00:00Z", 720),
    // The hour after midnight of the 1st does not exist.
    ("2017-10", "America/Asuncion", "2017-10-01T04:00:00Z", "2017-11-01T03:00:00Z", 743),
    // Midnight of the 1st comes once: the clocks go back from it to 23:00 of the 30th.
    ("2005-10", "Asia/Damascus", "2005-09-30T22:00:00Z", "2005-10-31T22:00:00Z", 744),
    // The hour after midnight of the 1st comes twice.
    ("2015-11", "America/Havana", "2015-11-01T04:00:00Z", "2015-12-01T05:00:00Z", 721),
    ("2026-11", "Asia/Kathmandu", "2026-10-31T18:15:00Z", "2026-11-30T18:15:00Z", 720),
  ])
  func `A period begins and ends with the month of its time zone`(
    text: String, zone: String, from: String, to: String, hours: Int
  ) throws {
    let interval = try Period(text).interval(in: zone)
    #expect(interval.lowerBound.rfc3339 == from)
    #expect(interval.upperBound.rfc3339 == to)
    let length = interval.upperBound.milliseconds - interval.lowerBound.milliseconds
    #expect(length == Int64(hours) * 3_600_000)
  }

  @Test(arguments: [
    "Europe/Zurich", "America/Sao_Paulo", "Asia/Tokyo", "Pacific/Apia", "America/St_Johns",
    "Africa/Casablanca", "Pacific/Kiritimati", "Antarctica/Troll", "Africa/Monrovia",
  ])
  func `Periods follow each other without gap, and hold exactly their own instants`(
    zone: String
  ) throws {
    var period = try Period("1969-11")
    let last = try Period("2040-01")
    while period < last {
      let interval = try period.interval(in: zone)
      #expect(try interval.upperBound == period.next.interval(in: zone).lowerBound)
      #expect(try Period.containing(interval.lowerBound, in: zone) == period)
      let end = interval.upperBound.adding(milliseconds: -1)
      #expect(try Period.containing(end, in: zone) == period)
      period = period.next
    }
  }

  /// West of Greenwich the year 1900 begins later, east of it 9998 ends earlier.
  @Test(arguments: [
    ("1900-01-01T00:00:00Z", "America/New_York"), ("9998-12-31T23:59:59Z", "Asia/Tokyo"),
    ("0001-01-01T00:00:00Z", "UTC"), ("9999-12-31T00:00:00Z", "UTC"),
  ])
  func `An instant in no month that can be kept is refused`(instant: String, zone: String) throws {
    let instant = try Instant(rfc3339: instant)
    #expect(throws: TimeError.self) { try Period.containing(instant, in: zone) }
  }

  @Test(arguments: ["", "Europe/Zürich", "Mars/Base", "GMT+5", "+01:00", "../../etc/passwd"])
  func `An unknown time zone is named`(zone: String) throws {
    let period = try Period("2026-11")
    #expect(throws: TimeError.unknownTimeZone(zone)) { try period.interval(in: zone) }
  }

  @Test func `Many threads may ask at once`() async throws {
    let zones = ["Europe/Zurich", "Asia/Tokyo", "America/New_York", "Pacific/Apia"]
    let expected = try zones.map { try Period("2031-03").interval(in: $0) }
    try await withThrowingTaskGroup(of: [Range<Instant>].self) { group in
      for _ in 0..<16 {
        group.addTask { try zones.map { try Period("2031-03").interval(in: $0) } }
      }
      for try await found in group { #expect(found == expected) }
    }
  }
}
