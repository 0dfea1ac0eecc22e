import Broker
import Testing

@testable import closectl

@Suite struct ImportTests {
  private let scratch: Scratch
  private let console: Console

  init() async throws {
    scratch = try Scratch()
    console = try Console(scratch, broker: nil)
    let said = await console.run("init", "--store-only")
    #expect(said.status == .done)
  }

  private static let accounts = """
    account_id,name,email,currency,country,timezone,collection,payment_method,hold_after_days
    m-1,Anna,a@b.example,CHF,CH,Europe/Zurich,auto,pm_card_visa,7
    m-2,Beat,b@b.example,CHF,CH,Europe/Zurich,manual,,30

    """
  private static let header = "event_id,account_id,metric,quantity,start,end\n"

  private func usage(_ id: String, account: String = "m-1", quantity: String = "1.5") -> String {
    "\(id),\(account),kwh,\(quantity),2026-11-01T00:00:00+01:00,2026-11-01T00:15:00+01:00\n"
  }

  private func importFile(
    _ kind: String, _ text: String, _ name: String = "t.csv", flags: [String] = []
  ) async throws -> (said: Console.Said, file: [String: Any]) {
    let path = try scratch.write(text, to: name)
    let said = await console.run(["import", kind, path, "--json"] + flags)
    let files = try document(said.out)["files"] as? [[String: Any]]
    return (said, files?.first ?? [:])
  }

  private func counts(_ file: [String: Any]) -> [Int?] {
    ["rows", "added", "changed", "unchanged", "rejected"].map { file[$0] as? Int }
  }

  @Test func `Importing twice changes nothing`() async throws {
    #expect(counts(try await importFile("accounts", Self.accounts).file) == [2, 2, 0, 0, 0])
    #expect(counts(try await importFile("accounts", Self.accounts).file) == [2, 0, 0, 2, 0])
    let rows = Self.header + usage("e1") + usage("e2")
    #expect(counts(try await importFile("usage", rows).file) == [2, 2, 0, 0, 0])
    let again = try await importFile("usage", rows)
    #expect(counts(again.file) == [2, 0, 0, 2, 0])
    #expect(again.said.status == .done)
  }

  @Test func `A catalog that says nothing of taxes is warned of`() async throws {
    let products =
      "version: 1\ncurrency: CHF\nproducts:\n"
      + "  - { id: fee, name: Fee, price: { model: flat, amount: \"10\" } }\n"
    let (said, _) = try await importFile("catalog", products, "catalog.yaml")
    #expect(said.status == .done)
    #expect(
      said.err == "warning: \(scratch.path("catalog.yaml")) has no taxes, so no invoice "
        + "in CHF has one; if that is intended, add `taxes: []`\n")
    #expect(try await importFile("catalog", products + "taxes: []\n", "none.yaml").said.err == "")
  }

  @Test func `Usage that does not fit is named over one file and several`() async throws {
    _ = try await importFile("accounts", Self.accounts)
    let most = "9000000000000000000"
    let rows = Self.header + usage("b1", quantity: most) + usage("b2", quantity: most)
    let (said, file) = try await importFile("usage", rows, "usage.csv")
    #expect(said.status == .problem)
    #expect(counts(file) == [0, 0, 0, 0, 1])
    #expect(said.err.contains("usage.csv:3: quantity: with \"\(most)\""))
    #expect(!said.err.contains("INSERT") && !said.err.contains("coefficient"))
    let skipping = try await importFile("usage", rows, "usage.csv", flags: ["--skip-bad"])
    #expect(counts(skipping.file) == [2, 1, 0, 0, 1])
    let second = try await importFile(
      "usage", Self.header + usage("b3", quantity: most), "usage2.csv")
    #expect(second.said.status == .problem)
    #expect(second.said.err.contains("usage2.csv:2: quantity: with \"\(most)\""))
  }

  @Test func `Nothing of a file with a bad row is kept`() async throws {
    _ = try await importFile("accounts", Self.accounts)
    let (said, file) = try await importFile(
      "usage", Self.header + usage("e1") + usage("e2", quantity: "x") + usage("e3"))
    #expect(said.status == .problem)
    #expect(counts(file) == [0, 0, 0, 0, 1])
    let path = scratch.path("t.csv")
    #expect(
      said.err == """
        \(path):3: quantity: "x" is not a decimal number (like 12.5)
        \(path): 1 bad row, nothing was imported
        --skip-bad keeps the good rows and writes the others to \(path).rejected.csv

        """)
    let rows = Self.header + usage("e1") + usage("e3")
    #expect(counts(try await importFile("usage", rows).file) == [2, 2, 0, 0, 0])
  }

  @Test func `All bad rows are counted and twenty are told`() async throws {
    _ = try await importFile("accounts", Self.accounts)
    let bad = (1...1234).map { usage("e\($0)", quantity: "x") }.joined()
    let (said, file) = try await importFile("usage", Self.header + bad)
    #expect(counts(file) == [0, 0, 0, 0, 1234])
    #expect((file["badRows"] as? [Any])?.count == 20)
    #expect(said.err.contains("… and 1,214 more\n"))
    #expect(said.err.contains("1,234 bad rows, nothing was imported"))
  }

  @Test func `What the ledger refuses is told by line`() async throws {
    _ = try await importFile("accounts", Self.accounts)
    _ = try await importFile("usage", Self.header + usage("e1"))
    let (said, file) = try await importFile(
      "usage", Self.header + usage("e1", quantity: "9") + usage("e2", account: "nobody"))
    #expect(said.status == .problem)
    #expect(counts(file) == [0, 0, 0, 0, 2])
    let there = "event \"e1\" already exists with another quantity"
    #expect(said.err.contains("t.csv:2: event_id: \(there)"))
    let unknown = "account \"nobody\" is unknown: import it first"
    #expect(said.err.contains("t.csv:3: account_id: \(unknown)"))
    #expect(said.err.contains("2 bad rows (refused by the ledger), nothing was imported"))
  }

  @Test func `Skipping bad rows keeps the good and writes the others`() async throws {
    _ = try await importFile("accounts", Self.accounts)
    let (said, file) = try await importFile(
      "usage",
      Self.header + usage("e1") + usage("=e2", quantity: "x") + usage("e3", account: "nobody")
        + usage("e4"),
      flags: ["--skip-bad"])
    #expect(said.status == .done)
    #expect(counts(file) == [4, 2, 0, 0, 2])
    let times = "2026-11-01T00:00:00+01:00,2026-11-01T00:15:00+01:00"
    let unknown = "account_id: account \"\"nobody\"\" is unknown: import it first"
    #expect(
      try scratch.read("t.csv.rejected.csv")
        == "reason,event_id,account_id,metric,quantity,start,end\r\n"
        + "\"quantity: \"\"x\"\" is not a decimal number (like 12.5)\",'=e2,m-1,kwh,x,\(times)\r\n"
        + "\"\(unknown)\",e3,nobody,kwh,1.5,\(times)\r\n")
  }

  @Test func `A bad account can be skipped too`() async throws {
    let (said, file) = try await importFile(
      "accounts", Self.accounts + "m-3,C,c@b.example,XQQ,CH,Europe/Zurich,manual,,7\n",
      flags: ["--skip-bad"])
    #expect(said.status == .done)
    #expect(counts(file) == [3, 2, 0, 0, 1])
    #expect(scratch.has("t.csv.rejected.csv"))
  }

  @Test func `Events and compressed files are imported too`() async throws {
    _ = try await importFile("accounts", Self.accounts)
    let event =
      #"{"specversion":"1.0","id":"c1","source":"/m","type":"kwh","subject":"m-2","#
      + #""time":"2026-11-03T00:00:00Z","data":{"value":"2"}}"#
    let path = try scratch.write(gzip(event + "\n"), to: "events.jsonl.gz")
    let events = await console.run("import", "usage", path, "--json")
    #expect(events.status == .done)
    let table = try scratch.write(gzip(Self.header + usage("e1")), to: "usage.csv.gz")
    #expect(await console.run("import", "usage", table).status == .done)
  }

  @Test func `A cut-off file keeps nothing`() async throws {
    _ = try await importFile("accounts", Self.accounts)
    let rows = Self.header + (1...5000).map { usage("e\($0)") }.joined()
    let path = try scratch.write(Array(gzip(rows).dropLast(5)), to: "usage.csv.gz")
    let cut = await console.run("import", "usage", path)
    #expect(cut.status == .problem)
    #expect(cut.err == "\(path): the gzip data is cut off: the file is not complete\n")
    #expect(counts(try await importFile("usage", rows).file) == [5000, 5000, 0, 0, 0])
  }

  @Test func `One bad file does not stop the others`() async throws {
    _ = try await importFile("accounts", Self.accounts)
    let bad = try scratch.write("x\n", to: "bad.csv")
    let good = try scratch.write(Self.header + usage("e1"), to: "good.csv")
    let said = await console.run("import", "usage", bad, good, scratch.path("none.csv"), "--json")
    #expect(said.status == .problem)
    let files = try document(said.out)["files"] as? [[String: Any]]
    #expect(files?.map { $0["added"] as? Int } == [0, 1, 0])
    #expect(said.err.contains("none.csv: cannot be opened: No such file or directory"))
  }

  @Test func `A changed catalog needs a new version`() async throws {
    let yaml = """
      version: 1
      currency: CHF
      products:
        - { id: fee, name: Fee, price: { model: flat, amount: "10" } }
      """
    #expect(try await importFile("catalog", yaml, "c.yaml").said.status == .done)
    #expect(try await importFile("catalog", yaml, "c.yaml").file["unchanged"] as? Int == 1)
    let changed = try await importFile(
      "catalog", yaml.replacing("\"10\"", with: "\"11\""), "c.yaml")
    #expect(changed.said.status == .problem)
    #expect(changed.said.err.contains("give the changed catalog a new version"))
  }
}
