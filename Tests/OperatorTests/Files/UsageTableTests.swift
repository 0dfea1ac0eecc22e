import Billing
import Ledger
import Testing

@testable import closectl

@Suite struct UsageTableTests {
  private static let header = "event_id,account_id,metric,quantity,start,end\n"
  private static let times = "2026-11-01T00:00:00+01:00,2026-11-01T00:15:00+01:00"

  private func headerFault(_ header: String) throws -> String {
    let scratch = try Scratch()
    let path = try scratch.write(header, to: "usage.csv")
    do {
      _ = try UsageTable(try FileBytes(path))
      return ""
    } catch {
      return "\(error)".replacing(path, with: "usage.csv")
    }
  }

  @Test func `A row is read whatever the order of its columns`() throws {
    let row = try UsageRow(
      eventID: "e1", account: "acme", metric: "kwh", quantity: ExactDecimal(parsing: "-0.291"),
      start: Instant(rfc3339: "2026-10-31T23:00:00Z"),
      end: Instant(rfc3339: "2026-10-31T23:15:00Z"), line: 2)
    #expect(
      try UsageTable.steps(Self.header + "e1,acme,kwh,-0.291,\(Self.times)\n") == [.row(row)])
    #expect(
      try UsageTable.steps(
        "end,quantity,metric,event_id,account_id,start\r\n"
          + "2026-10-31T23:15:00Z,-0.291,kwh,\"e1\",acme,2026-10-31T23:00:00Z\r\n") == [.row(row)])
  }

  @Test func `A column of reasons is passed over`() throws {
    let rows = try UsageTable.steps(
      "reason,event_id,account_id,metric,quantity,start,end\nbad,e1,acme,kwh,1,\(Self.times)\n")
    guard case .row? = rows.first else { return #expect(Bool(false), "\(rows)") }
  }

  @Test(arguments: [
    (",acme,kwh,1,\(times)", "event_id", "is empty"),
    ("e1,,kwh,1,\(times)", "account_id", "is empty"),
    ("e1, acme,kwh,1,\(times)", "account_id", "begins or ends with a space"),
    ("e1,a\u{7}b,kwh,1,\(times)", "account_id", "has a control character"),
    (
      "e\u{301}1,acme,kwh,1,\(times)", "event_id",
      "has letters with separate accents; write them composed (NFC)"
    ),
    (
      "e1,\(String(repeating: "a", count: 65)),kwh,1,\(times)", "account_id",
      "is longer than 64 bytes"
    ),
    ("e1,acme,,1,\(times)", "metric", "is empty"),
    ("e1,acme,kwh,\"1,5\",\(times)", "quantity", "\"1,5\" is not a decimal number (like 12.5)"),
    ("e1,acme,kwh,,\(times)", "quantity", "\"\" is not a decimal number (like 12.5)"),
    ("e1,acme,kwh,1e9,\(times)", "quantity", "\"1e9\" is not a decimal number (like 12.5)"),
    ("e1,acme,kwh,NaN,\(times)", "quantity", "\"NaN\" is not a decimal number (like 12.5)"),
    (
      "e1,acme,kwh,99999999999999999999,\(times)", "quantity",
      "\"99999999999999999999\" has more digits than can be stored exactly"
    ),
    (
      "e1,acme,kwh,1,soon,2026-11-01T00:00:00Z", "start",
      "\"soon\" is not a time (like 2026-11-01T00:00:00+01:00)"
    ),
    (
      "e1,acme,kwh,1,2026-11-01T00:00:00Z,2026-10-31T00:00:00Z", "end",
      "\"2026-10-31T00:00:00Z\" is before start \"2026-11-01T00:00:00Z\""
    ),
    ("e1,acme,kwh,1", "row", "has 4 fields, the header has 6"),
    ("e1,acme,kwh,1,\(times),", "row", "has 7 fields, the header has 6"),
    (
      "e1,ac\"me,kwh,1,\(times)", "account_id",
      "has a quote inside; quote the whole field and double it"
    ),
  ])
  func `A bad row is told by line column and reason`(row: String, column: String, reason: String)
    throws
  {
    let good = "e0,acme,kwh,1,\(Self.times)\n"
    let steps = try UsageTable.steps(Self.header + good + row + "\n" + good)
    #expect(steps.count == 3)
    #expect(steps[1] == .fault(RefusedRow(line: 3, column: column, reason: reason)))
  }

  @Test(arguments: [
    (
      "",
      "usage.csv: is empty; a usage file begins with the line "
        + "event_id,account_id,metric,quantity,start,end"
    ),
    (
      "event_id,account_id,metric,quantity,start\n",
      "usage.csv:1: not a usage file: missing column end; found \"event_id\", \"account_id\", "
        + "\"metric\", \"quantity\", \"start\""
    ),
    (
      "event_id,account_id,metric,quantity,start,end,end\n",
      "usage.csv:1: column \"end\" appears twice"
    ),
    (
      "event_id,account_id,metric,quantity,start,end,qty\n",
      "usage.csv:1: unknown column \"qty\"; a usage file has event_id, account_id, metric, "
        + "quantity, start, end"
    ),
  ])
  func `A header that does not fit is told`(header: String, message: String) throws {
    #expect(try headerFault(header) == message)
  }

  @Test(.enabled(if: SharedData.isThere, SharedData.absence))
  func `A file of another kind is told`() throws {
    #expect {
      _ = try UsageTable(try FileBytes(SharedData.path("focus_1.0_sample_1000.csv")))
    } throws: {
      "\($0)".hasSuffix(
        "focus_1.0_sample_1000.csv:1: not a usage file: missing columns event_id, account_id, "
          + "metric, quantity, start, end; found \"AvailabilityZone\", \"BilledCost\", "
          + "\"BillingAccountId\", \"BillingAccountName\", \"BillingCurrency\", "
          + "\"BillingPeriodEnd\" and 38 more")
    }
  }

  @Test(.enabled(if: SharedData.isThere, SharedData.absence))
  func `The real month is read whole`() throws {
    let feed = try UsageFeed(SharedData.path("swiss-meters/usage-2026-11.csv.gz"), skipBad: false)
    let started = ContinuousClock.now
    var rows = 0
    var negative = 0
    while let portion = try feed.next() {
      rows += portion.count
      negative += portion.filter { $0.quantity < .zero }.count
    }
    let seconds = (ContinuousClock.now - started).asSeconds
    print("read \(rows) rows of gzip CSV at \(Int(Double(rows) / seconds)) rows/s, this build")
    #expect(rows == 1_546_560)
    #expect(negative == 11)
    #expect(feed.faults.count == 0)
  }
}
