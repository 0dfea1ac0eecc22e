import Billing
import Ledger
import Testing

@testable import closectl

@Suite struct UsageEventsTests {
  private func steps(_ text: String) throws -> [UsageStep] {
    let scratch = try Scratch()
    let events = UsageEvents(try FileBytes(try scratch.write(text, to: "usage.jsonl")))
    var result: [UsageStep] = []
    while true {
      let step = try events.next()
      if step == .end { return result }
      result.append(step)
    }
  }

  private func event(_ data: String, time: String = #""time":"2026-11-01T00:00:00Z","#) -> String {
    #"{"specversion":"1.0","id":"e1","source":"/m","type":"calls","subject":"acme",\#(time)"#
      + #""data":\#(data)}"#
  }

  private func row(_ quantity: String, metric: String = "calls", end: String) throws -> UsageRow {
    try UsageRow(
      eventID: "e1", account: "acme", metric: metric, quantity: ExactDecimal(parsing: quantity),
      start: Instant(rfc3339: "2026-11-01T00:00:00Z"), end: Instant(rfc3339: end), line: 1,
      source: "/m")
  }

  @Test func `An event without span happened in a millisecond`() throws {
    let end = "2026-11-01T00:00:00.001Z"
    #expect(try steps(event(#"{"value":"12.5"}"#)) == [.row(row("12.5", end: end))])
    #expect(try steps(event(#"{"value":3}"#) + "\r\n\n") == [.row(row("3", end: end))])
    #expect(
      try steps(event(#"{"value":"1","metric":"storage"}"#))
        == [.row(row("1", metric: "storage", end: end))])
  }

  @Test func `Numbers are read by their digits`() throws {
    let end = "2026-11-01T00:00:00.001Z"
    #expect(try steps(event(#"{"value":0.1}"#)) == [.row(row("0.1", end: end))])
    #expect(
      try steps(event(#"{"value":1234567.890123456789}"#))
        == [.row(row("1234567.890123456789", end: end))])
  }

  @Test func `An event may have a span`() throws {
    let data =
      #"{"value":"1","start":"2026-11-01T00:00:00Z","end":"2026-11-01T01:00:00Z"}"#
    let expected = try row("1", end: "2026-11-01T01:00:00Z")
    #expect(try steps(event(data)) == [.row(expected)])
    #expect(try steps(event(data, time: "")) == [.row(expected)])
  }

  private static func line(
    id: String = #""1""#, subject: String = "a", time: String = #""2026-11-01T00:00:00Z""#,
    data: String = #"{"value":"1"}"#
  ) -> String {
    #"{"specversion":"1.0","id":\#(id),"source":"/m","type":"c","subject":"\#(subject)","#
      + #""time":\#(time),"data":\#(data)}"#
  }

  @Test(arguments: [
    ("{", "line", "is not JSON"),
    ("[]", "line", "is not a JSON object, {…}"),
    (line(id: "7"), "id", "is not a text"),
    (line(time: "null"), "time", "is missing"),
    (line(subject: ""), "subject", "is empty"),
    (
      line(data: #"{"value":"x"}"#), "data.value",
      "\"x\" is not a decimal number (like 12.5)"
    ),
    (
      line(data: #"{"value":"1","end":"2026-10-31T00:00:00Z"}"#), "data.end",
      "is before the start of the usage"
    ),
    (line(data: #"{"value":"5","value":"500"}"#), "line", "has the key \"value\" twice"),
    (line(data: #"{"value":"5","x":{"y":1,"\u0079":2}}"#), "line", "has the key of 6 bytes twice"),
    (line(id: #""1","id":"2""#), "line", "has the key \"id\" twice"),
    (line(id: #""1","tenant":"a","tenant":"b""#), "line", "has the key \"tenant\" twice"),
  ])
  func `A bad event is told by line path and reason`(line: String, path: String, reason: String)
    throws
  {
    let good = event(#"{"value":"1"}"#)
    let steps = try steps("\(good)\n\(line)\n\(good)\n")
    #expect(steps.count == 3)
    #expect(steps[1] == .fault(RefusedRow(line: 2, column: path, reason: reason)))
  }

  /// So that a file has to be corrected once.
  @Test func `Everything that is wrong with an event is told`() throws {
    let steps = try steps(
      #"{"specversion":"0.3","id":"","source":"","time":"2026-11-01","data":{"value":"x"}}"#)
    guard case .faults(let faults)? = steps.first else { return #expect(Bool(false), "\(steps)") }
    #expect(
      faults.map(\.column)
        == ["specversion", "id", "source", "subject", "type", "time", "data.value"])
    #expect(faults.filter(\.isOfColumn).map(\.column) == ["time"])
  }

  @Test func `An event may end where it begins`() throws {
    let data =
      #"{"value":"1","start":"2026-11-01T00:00:00.0001Z","end":"2026-11-01T00:00:00.0004Z"}"#
    #expect(try steps(event(data)) == [.row(row("1", end: "2026-11-01T00:00:00.001Z"))])
  }

  @Test func `Hostile numbers and depth are refused`() throws {
    let deep = String(repeating: "[", count: 10_000)
    for value in ["1e400", "NaN", "1e30", deep] {
      let steps = try steps(event(#"{"value":\#(value)}"#))
      guard case .faults? = steps.first, steps.count == 1 else {
        Issue.record("\(value.prefix(10)) gave \(steps)")
        continue
      }
    }
  }

  @Test func `A line without end is passed over`() throws {
    let long = String(repeating: "x", count: 5 * UsageEvents.longestLine)
    let steps = try steps("\(long)\n" + event(#"{"value":"1"}"#))
    #expect(steps.count == 2)
    #expect(
      steps[0]
        == .fault(RefusedRow(line: 1, column: "line", reason: "is longer than 65536 bytes")))
  }
}
