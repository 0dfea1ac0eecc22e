import Testing

@testable import Billing

@Suite struct CivilDateTests {
  @Test(arguments: [
    ("2026-11-15", true), ("2028-02-29", true), ("1900-01-01", true), ("9998-12-31", true),
    ("2026-02-29", false), ("1900-02-29", false), ("2026-11-31", false), ("2026-13-01", false),
    ("2026-00-10", false), ("2026-11-00", false), ("1899-12-31", false), ("9999-01-01", false),
    ("2026-11-1", false), ("2026-1-15", false), ("26-11-15", false), ("2026/11/15", false),
    (" 2026-11-15", false), ("2026-11-15 ", false), ("2026-11-15T00:00:00Z", false), ("", false),
  ])
  func `A day is read as it is written`(text: String, isDay: Bool) {
    #expect(CivilDate(text)?.description == (isDay ? text : nil))
  }

  @Test func `Days are ordered and counted on`() throws {
    let first = try #require(CivilDate("2026-12-01"))
    #expect(first.dayBefore.description == "2026-11-30")
    #expect(first.dayBefore < first)
    #expect(try Period("2026-12").firstDay == first)
    #expect(
      try ["2026-02", "2028-02", "2026-11", "2026-12"].map { try Period($0).days }
        == [28, 29, 30, 31])
  }

  /// Clocks that change, and a midnight that one zone skipped.
  @Test(arguments: [
    ("2026-11-15", "Europe/Zurich", "2026-11-14T23:00:00Z"),
    ("2026-03-29", "Europe/Zurich", "2026-03-28T23:00:00Z"),
    ("2026-03-30", "Europe/Zurich", "2026-03-29T22:00:00Z"),
    ("2026-11-15", "Pacific/Auckland", "2026-11-14T11:00:00Z"),
    ("2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00Z"),
  ])
  func `A day begins in a time zone`(day: String, zone: String, instant: String) throws {
    #expect(try #require(CivilDate(day)).start(in: zone).rfc3339 == instant)
  }
}
