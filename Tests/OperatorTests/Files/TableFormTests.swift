import Billing
import Ledger
import Testing

@testable import closectl

/// Tables as spreadsheets and databases write them.
@Suite struct TableFormTests {
  private static let header = "event_id,account_id,metric,quantity,start,end"
  private static let row = "e1,acme,kwh,1.5,2026-11-01T00:00:00Z,2026-11-01T00:15:00Z"

  private func expected(line: Int) throws -> UsageStep {
    .row(
      try UsageRow(
        eventID: "e1", account: "acme", metric: "kwh", quantity: ExactDecimal(parsing: "1.5"),
        start: Instant(rfc3339: "2026-11-01T00:00:00Z"),
        end: Instant(rfc3339: "2026-11-01T00:15:00Z"), line: line))
  }

  @Test(arguments: [",", ";", "\t"])
  func `Columns may be separated by any of three`(_ separator: String) throws {
    let text = [Self.header, Self.row].map { $0.replacing(",", with: separator) + "\r\n" }.joined()
    #expect(try UsageTable.steps(text) == [expected(line: 2)])
    #expect(try UsageTable.steps("sep=\(separator)\r\n" + text) == [expected(line: 3)])
    #expect(try UsageTable.steps("\r\n\u{20}\(separator)\r\n" + text) == [expected(line: 4)])
  }

  /// As a spreadsheet leaves it that took the line for a row.
  @Test(arguments: [
    ("\"sep=;\"", ";"), ("SEP=;", ";"), ("sep=;;;;;", ";"), ("\"sep=;\",,,,,", ","),
    ("sep=;,,,,,", ","), ("Sep=\t\t\t", "\t"),
  ])
  func `Separator lines that were saved again are passed over`(line: String, separator: String)
    throws
  {
    let text = [Self.header, Self.row].map { $0.replacing(",", with: separator) + "\r\n" }.joined()
    #expect(try UsageTable.steps("\(line)\r\n" + text) == [expected(line: 3)])
  }

  @Test(arguments: [
    "\(header)\r\(row)\r", "\(header)\r\(row)\r\(row)\r", "\(header)\r\"e1\",acme\r",
    "\(header)\r" + String(repeating: "\(row)\r", count: 2000),
  ])
  func `Lines that end in returns alone are named`(text: String) throws {
    let scratch = try Scratch()
    let path = try scratch.write(text, to: "usage.csv")
    #expect {
      _ = try UsageTable(try FileBytes(path))
    } throws: {
      "\($0)".hasSuffix("usage.csv:1: lines end in CR alone: save the file with LF or CRLF")
    }
  }

  @Test func `Other separators are named`() throws {
    let scratch = try Scratch()
    let path = try scratch.write(Self.header.replacing(",", with: "|") + "\n", to: "usage.csv")
    #expect {
      _ = try UsageTable(try FileBytes(path))
    } throws: {
      "\($0)".hasSuffix("columns are separated by \"|\", expected \",\", \";\" or a tab")
    }
  }

  @Test func `JSON in a table is named`() throws {
    let scratch = try Scratch()
    let path = try scratch.write("{\"specversion\":\"1.0\"}\n", to: "usage.json")
    #expect {
      _ = try UsageTable(try FileBytes(path))
    } throws: {
      "\($0)".hasSuffix(
        "contains JSON; CloudEvents are read, one per line, from files named .jsonl or .ndjson")
    }
  }

  @Test func `Capitals and spaces of the header are forgiven`() throws {
    #expect(
      try UsageTable.steps("Event ID, Account-Id ,METRIC,quantity,Start,\u{a0}end\n" + Self.row)
        == [expected(line: 2)])
    let scratch = try Scratch()
    let path = try scratch.write(Self.header + ",End\n", to: "usage.csv")
    #expect {
      _ = try UsageTable(try FileBytes(path))
    } throws: {
      "\($0)".hasSuffix(":1: columns \"end\" and \"End\" are the same")
    }
  }

  @Test func `Rows of nothing but separators are passed over`() throws {
    let text = "\(Self.header)\n,,,,,\n\(Self.row)\n , ,\"\",,,\n,,,\n"
    #expect(try UsageTable.steps(text) == [expected(line: 3)])
  }

  @Test func `Numbers of other countries are not guessed`() throws {
    let times = "2026-11-01T00:00:00Z;2026-11-01T00:15:00Z"
    func grouped(_ separator: String) -> String {
      "\"1.500\" may have grouped thousands, as columns are separated by \(separator): "
        + "write \"1500\" or \"1.5000\""
    }
    for (separator, quantity, reason) in [
      (";", "12,5", "\"12,5\" is not a decimal number (like 12.5)"),
      (";", "1.500", grouped("\";\"")), ("\t", "1.500", grouped("tabs")),
    ] {
      let text =
        (Self.header.replacing(",", with: ";")
        + "\ne1;acme;kwh;\(quantity);\(times)\n").replacing(";", with: separator)
      #expect(
        try UsageTable.steps(text) == [
          .fault(RefusedRow(line: 2, column: "quantity", reason: reason))
        ])
    }
    for quantity in ["1.5", "0.125", "1500", "1.5000", "1234.567"] {
      let text = Self.header.replacing(",", with: ";") + "\ne1;acme;kwh;\(quantity);\(times)\n"
      guard case .row? = try UsageTable.steps(text).first else {
        return #expect(Bool(false), "\(quantity)")
      }
    }
  }

  @Test(arguments: [
    ("2026-11-01T00:00:00Z", "2026-11-01T00:00:00Z"),
    ("2026-11-01T00:00:00.0001Z", "2026-11-01T00:00:00.0004Z"),
  ])
  func `What ends where it begins happened in that millisecond`(start: String, end: String) throws {
    let steps = try UsageTable.steps("\(Self.header)\ne1,acme,kwh,1,\(start),\(end)\n")
    guard case .row(let row)? = steps.first else { return #expect(Bool(false), "\(steps)") }
    #expect(row.start.rfc3339 == "2026-11-01T00:00:00Z")
    #expect(row.end.rfc3339 == "2026-11-01T00:00:00.001Z")
  }

  @Test func `Everything that is wrong with a row is told`() throws {
    let steps = try UsageTable.steps("\(Self.header)\n,acme,kwh,x,2026-11-01,01.11.2026 00:00\n")
    guard case .faults(let faults)? = steps.first else { return #expect(Bool(false), "\(steps)") }
    #expect(faults.map(\.column) == ["event_id", "quantity", "start", "end"])
    #expect(faults.map(\.isOfColumn) == [false, false, true, true])
  }
}
