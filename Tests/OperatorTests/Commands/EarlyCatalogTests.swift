import Billing
import Testing

@testable import closectl

/// Next month's prices are imported before this month is closed.
@Suite struct EarlyCatalogTests {
  private let scratch: Scratch
  private let console: Console

  init() async throws {
    scratch = try Scratch()
    console = try Console(scratch, broker: nil)
    #expect(await console.run("init", "--store-only").status == .done)
    let accounts = try scratch.write(
      AccountTable.columns.joined(separator: ",") + "\n"
        + "a1,Name,a@b.example,CHF,CH,Europe/Zurich,auto,pm_card_visa,7\n", to: "accounts.csv")
    #expect(await console.run("import", "accounts", accounts).status == .done)
    #expect(await importCatalog(1, "0.10").status == .done)
    let usage = try scratch.write(
      UsageTable.columns.joined(separator: ",") + "\n"
        + "u1,a1,api_calls,120,2026-11-03T00:00:00Z,2026-11-03T01:00:00Z\n", to: "usage.csv")
    #expect(await console.run("import", "usage", usage).status == .done)
  }

  private func importCatalog(_ version: Int, _ unit: String, _ more: String = "") async
    -> Console.Said
  {
    let text = """
      version: \(version)
      currency: CHF
      \(more)
      products:
        - { id: api, name: API, metric: api_calls, price: { model: per_unit, unit: "\(unit)" } }
      """
    do {
      return await console.run("import", "catalog", try scratch.write(text, to: "c\(version).yaml"))
    } catch {
      return Console.Said(status: .problem, out: "", err: "\(error)")
    }
  }

  private func net(_ period: String) async throws -> [Int] {
    let shown = try document(await console.run("close", "preview", period, "--json").out)
    return (shown["currencies"] as? [[String: Any]] ?? []).compactMap { $0["net"] as? Int }
  }

  @Test(arguments: ["valid_from: 2026-12", "valid_from: 2026-12-01", "valid_from: \"2026-12\""])
  func `Prices of December do not price November`(_ validFrom: String) async throws {
    #expect(await importCatalog(2, "0.20", validFrom).status == .done)
    #expect(try await net("2026-11") == [1200])
    let again = await importCatalog(2, "0.20", validFrom)
    #expect(again.out.contains("already present"))
  }

  @Test func `Without a month a newer catalog prices the open month`() async throws {
    #expect(await importCatalog(2, "0.20").status == .done)
    #expect(try await net("2026-11") == [2400])
  }

  @Test func `A day within a month is refused`() async throws {
    let said = await importCatalog(2, "0.20", "valid_from: 2026-12-15")
    #expect(said.status == .problem)
    #expect(said.err.contains("c2.yaml:3: valid_from: expected the first month"))
  }

  @Test func `An older version is refused with what to do`() async throws {
    #expect(await importCatalog(3, "0.30").status == .done)
    let said = await importCatalog(2, "0.20")
    #expect(said.status == .problem)
    #expect(said.err.contains("version 2 would price no month: version 3 is already stored"))
    #expect(said.err.contains("use a version above 3"))
  }

  @Test func `A month before every catalog is named`() async throws {
    let text = """
      version: 1
      currency: EUR
      valid_from: 2026-12
      products:
        - { id: api, name: API, metric: api_calls, price: { model: per_unit, unit: "1" } }
      """
    let file = try scratch.write(text, to: "eur.yaml")
    #expect(await console.run("import", "catalog", file).status == .done)
    let accounts = try scratch.write(
      AccountTable.columns.joined(separator: ",") + "\n"
        + "e1,Name,a@b.example,EUR,DE,Europe/Berlin,auto,pm_card_visa,7\n", to: "euro.csv")
    #expect(await console.run("import", "accounts", accounts).status == .done)
    let preview = await console.run("close", "preview", "2026-11")
    #expect(preview.status == .problem)
    #expect(preview.out.contains("e1: there is no catalog in EUR for 2026-11"))
    #expect(await console.run("close", "preview", "2026-12").status == .done)
  }
}
