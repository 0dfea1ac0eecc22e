import Testing

@testable import closectl

/// What one round of an import says, and what it keeps.
@Suite struct ImportRoundTests {
  private let scratch: Scratch
  private let console: Console
  private static let header = "event_id,account_id,metric,quantity,start,end\n"
  private static let times = "2026-11-01T00:00:00Z,2026-11-01T00:15:00Z"

  init() async throws {
    scratch = try Scratch()
    console = try Console(scratch, broker: nil)
    _ = await console.run("init", "--store-only")
    let accounts = try scratch.write(
      """
      account_id,name,email,currency,country,timezone,collection,payment_method,hold_after_days
      m-1,Anna,a@b.example,CHF,CH,Europe/Zurich,auto,pm_card_visa,7

      """, to: "accounts.csv")
    #expect(await console.run("import", "accounts", accounts).status == .done)
  }

  private func usage(
    _ rows: String, _ flags: String...
  ) async throws -> (said: Console.Said, file: [String: Any]) {
    let path = try scratch.write(Self.header + rows, to: "t.csv")
    let said = await console.run(["import", "usage", path, "--json"] + flags)
    let files = try document(said.out)["files"] as? [[String: Any]]
    return (said, files?.first ?? [:])
  }

  @Test func `What the file has wrong and what the ledger refuses is told together`() async throws {
    let good = "e9,m-1,kwh,1,\(Self.times)\n"
    let (said, file) = try await usage(
      "e1,m-1,kwh,x,2026-11-01,2026-11-02\ne2,nobody,kwh,1,\(Self.times)\n"
        + "e3,m-1,kwh,1,2026-11-01,2026-11-02\n"
        + "e4,m-1,kwh,1,0001-01-01T00:00:00Z,2026-11-01T00:00:00Z\n" + good)
    #expect(said.status == .problem)
    #expect(file["rejected"] as? Int == 4)
    let bad = (file["badRows"] as? [[String: Any]])?.map {
      "\($0["line"] as? Int ?? 0) \($0["column"] as? String ?? "") \($0["rows"] as? Int ?? 1)"
    }
    #expect(bad == ["2 quantity 1", "2 start 2", "2 end 2", "3 account_id 1", "5 start 1"])
    let form = "write it like 2026-11-01T00:00:00+01:00, or with Z for UTC (2 rows)\n"
    #expect(said.err.contains(form))
    #expect(try await usage(good).file["added"] as? Int == 1, "nothing was imported")
  }

  @Test func `A dry run says the same and keeps nothing`() async throws {
    let rows = "e1,m-1,kwh,1,\(Self.times)\ne2,nobody,kwh,1,\(Self.times)\n"
    let (said, file) = try await usage(rows, "--dry-run", "--skip-bad")
    #expect(said.status == .done)
    #expect(file["added"] as? Int == 1)
    #expect(file["rejected"] as? Int == 1)
    #expect(try document(said.out)["dryRun"] as? Bool == true)
    #expect(!scratch.has("t.csv.rejected.csv"))
    let path = try scratch.write(Self.header + "e1,m-1,kwh,1,\(Self.times)\n", to: "good.csv")
    let text = await console.run("import", "usage", path, "--dry-run").out
    #expect(
      text.contains("dry run, nothing was imported: would be 1 added, 0 changed, 0 unchanged"))
    #expect(try await usage(rows, "--skip-bad").file["added"] as? Int == 1)
  }

  @Test func `Accounts and catalogs have dry runs too`() async throws {
    let catalog = try scratch.write(
      """
      version: 1
      currency: CHF
      products:
        - { id: fee, name: Fee, price: { model: flat, amount: "10" } }
      """, to: "c.yaml")
    for _ in 0..<2 {
      let said = await console.run("import", "catalog", catalog, "--dry-run")
      #expect(said.out.hasSuffix("would be added; dry run, nothing was imported\n"))
    }
    let accounts = try scratch.write(
      try scratch.read("accounts.csv").replacing("m-1", with: "m-2"), to: "more.csv")
    for _ in 0..<2 {
      let said = await console.run("import", "accounts", accounts, "--dry-run", "--json")
      #expect((try document(said.out)["files"] as? [[String: Any]])?.first?["added"] as? Int == 1)
    }
  }

  @Test(arguments: [(1, closectl.ExitStatus.done), (2, .problem)])
  func `More than half rejected is a problem`(bad: Int, status: closectl.ExitStatus) async throws {
    let rows = (1...bad).map { "b\($0),m-1,kwh,x,\(Self.times)\n" }.joined()
    let (said, file) = try await usage(rows + "e1,m-1,kwh,1,\(Self.times)\n", "--skip-bad")
    #expect(said.status == status)
    #expect(file["added"] as? Int == 1)
    #expect(said.err.contains("more than half of its rows were rejected") == (status == .problem))
  }

  @Test func `Rejected rows are separated as their source is`() async throws {
    let text =
      "event_id;account_id;metric;quantity;start;end\ne1;m-1;kwh;1.500;"
      + Self.times.replacing(",", with: ";") + "\n"
    let path = try scratch.write(text, to: "t.csv")
    _ = await console.run("import", "usage", path, "--skip-bad")
    let rejected = scratch.path("t.csv.rejected.csv")
    let again = await console.run("import", "usage", rejected)
    #expect(again.err.contains("rejected.csv:2: quantity: \"1.500\" may have grouped thousands"))
  }
}
