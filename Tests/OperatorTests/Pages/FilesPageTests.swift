import Foundation
import Testing

@testable import closectl

/// docs/files.md: its examples are imported, and what it says is refused is asked for.
@Suite struct FilesPageTests {
  private let page: DocumentedPage
  private let scratch: Scratch
  private let console: Console

  init() async throws {
    page = try DocumentedPage("docs/files.md")
    scratch = try Scratch()
    console = try Console(scratch, broker: nil)
    #expect(await console.run("init", "--store-only").status == .done)
  }

  private var catalog: String { page.code("yaml").first ?? "" }
  private var accounts: String { page.code("csv").first ?? "" }
  private var usage: String { page.code("csv").last ?? "" }
  private var events: [Substring] { (page.code("json").first ?? "").split(separator: "\n") }

  private func take(_ kind: String, _ text: String, _ name: String) async throws -> Console.Said {
    await console.run("import", kind, try scratch.write(text, to: name))
  }

  private func takeAll() async throws {
    for (kind, text, name) in [
      ("catalog", catalog, "catalog.yaml"), ("accounts", accounts, "accounts.csv"),
      ("usage", usage, "usage.csv"), ("usage", events.joined(separator: "\n"), "usage.jsonl"),
    ] {
      let said = try await take(kind, text, name)
      #expect(said.status == .done && said.err == "", "\(name): \(said.err)")
    }
  }

  @Test func `The examples are imported and come to what the page says`() async throws {
    try await takeAll()
    #expect(events.count == 2)
    let rows = try #require(page.sections.flatMap { $0.tables("account") }.first)
    for row in rows {
      let said = await console.run("close", "preview", "2026-11", "--account", row[0], "--json")
      #expect(said.status == .done, "\(said.err)")
      let draft = try #require(try document(said.out)["draft"] as? [String: Any])
      let amounts = ["net", "tax", "total"].map { draft[$0] as? Int }
      #expect(amounts == row.dropFirst().map { Int($0.replacing(".", with: "")) }, "\(said.out)")
    }
  }

  @Test func `The tables have the columns that files have`() throws {
    for (section, columns) in [
      ("Accounts", AccountTable.columns), ("Usage as a table", UsageTable.columns),
    ] {
      let rows = try #require(page.section(section).tables("column").first)
      #expect(rows.flatMap { DocumentedPage.words($0[0]) } == columns)
      let readme = try DocumentedPage("README.md").sections.flatMap { $0.tables("file") }.joined()
      #expect(readme.contains { $0[1].contains("`\(columns.joined(separator: ","))`") })
    }
  }

  /// The example's first row with another value in a column.
  private func row(_ table: String, _ column: String, _ value: String) throws -> String {
    let lines = table.split(separator: "\n")
    let place = try #require(lines[0].split(separator: ",").firstIndex { $0 == column })
    var fields = lines[1].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    fields[place] = "\"\(value)\""
    return "\(lines[0])\n\(fields.joined(separator: ","))\n"
  }

  @Test func `What the page says is refused is refused`() async throws {
    try await takeAll()
    for (kind, table, section) in [
      ("accounts", accounts, "Refused"), ("usage", usage, "Usage as a table"),
    ] {
      let rows = try #require(page.section(section).tables("column").last)
      #expect(rows.count >= 6)
      for each in rows {
        let (column, value) = (DocumentedPage.value(each[0]), DocumentedPage.value(each[1]))
        let said = try await take(kind, try row(table, column, value), "\(kind).csv")
        #expect(said.status == .problem)
        #expect(said.err.contains("\(kind).csv:2: \(column): "))
        #expect(said.err.contains(each[2]), "\(said.err)")
      }
    }
  }

  @Test func `What the page says of optional columns is so`() async throws {
    try await takeAll()
    let known = try #require(page.section("Accounts").tables("optional column").first)
    #expect(known.flatMap { DocumentedPage.words($0[0]) } == AccountTable.optional)
    let lines = accounts.split(separator: "\n")
    func take(_ start: String, _ end: String) async throws -> Console.Said {
      let table = "\(lines[0]),start,end\n\(lines[1]),\(start),\(end)\n"
      return try await self.take("accounts", table, "accounts.csv")
    }
    let examples = known.map { DocumentedPage.value($0[2]) }
    #expect(try await take(examples[0], examples[1]).status == .done)
    let rows = try #require(page.section("Refused").tables("optional column").first)
    #expect(rows.count >= 5)
    for row in rows {
      let (column, value) = (DocumentedPage.value(row[0]), DocumentedPage.value(row[1]))
      let said = try await column == "start" ? take(value, "") : take(examples[0], value)
      #expect(said.status == .problem)
      #expect(said.err.contains("accounts.csv:2: \(column): "))
      #expect(said.err.contains(row[2]), "\(said.err)")
    }
  }

  @Test func `What the page says is wrong in a catalog is told so`() async throws {
    let rows = try #require(page.section("Catalog").tables("in the example").first)
    #expect(rows.count >= 6)
    for row in rows {
      let (right, wrong) = (DocumentedPage.value(row[0]), DocumentedPage.value(row[1]))
      #expect(catalog.contains(right), "the example has it: \(right)")
      let said = try await take("catalog", catalog.replacing(right, with: wrong), "wrong.yaml")
      #expect(said.status == .problem)
      #expect(said.err.contains(row[2]), "\(said.err)")
    }
  }

  @Test func `Every key of a catalog is on the page`() async throws {
    for (first, place) in [
      ("key", "version: 1"), ("key of a product", "    unit: hour"),
      ("key of a tax", "- { country: CH"),
    ] {
      let indent = place.prefix { $0 == " " }
      let added =
        place.hasPrefix("-") ? "- { zzz: 1, country: CH" : "\(place)\n\(indent)zzz: 1"
      let said = try await take("catalog", catalog.replacing(place, with: added), "key.yaml")
      let rows = page.section("Catalog").tables(first).joined()
      let known = knownKeys(in: said.err.trimmingCharacters(in: .newlines))
      #expect(Set(rows.flatMap { DocumentedPage.words($0[0]) }) == known, "\(said.err)")
    }
  }

  /// The event without a key, `data.value` for example.
  private func event(_ line: Substring, without path: String) throws -> String {
    var event = try document(String(line))
    if let key = path.firstMatch(of: /^data\.(.*)$/)?.1 {
      var data = try #require(event["data"] as? [String: Any])
      data[String(key)] = nil
      event["data"] = data
    } else {
      event[path] = nil
    }
    return String(decoding: try JSONSerialization.data(withJSONObject: event), as: UTF8.self)
  }

  @Test func `A cloud event needs what the page says`() async throws {
    try await takeAll()
    let rows = try #require(page.section("Usage as CloudEvents").tables("key").first)
    for row in rows {
      for path in DocumentedPage.words(row[0]) {
        let isNeeded = row[2].hasPrefix("needed")
        let line = isNeeded ? events[0] : events[1]
        let said = try await take("usage", try event(line, without: path), "event.jsonl")
        #expect(isNeeded == said.err.contains("event.jsonl:1: \(path): is missing"), "\(said.err)")
      }
    }
  }

  @Test func `The catalog of the help is one`() async throws {
    let said = try await take("catalog", ImportGroup.Catalog.example, "help.yaml")
    #expect(said.status == .done && said.err == "", "\(said.err)")
  }
}
