import Billing
import Testing

@testable import closectl

/// What a look before the close finds, that would otherwise be lost or charged without a word.
@Suite struct PreviewFindingsTests {
  private let scratch: Scratch
  private let console: Console

  init() async throws {
    scratch = try Scratch()
    console = try Console(scratch, broker: nil)
    #expect(await console.run("init", "--store-only").status == .done)
    let catalog = try scratch.write(
      """
      version: 1
      currency: CHF
      products:
        - { id: api, name: API, metric: api_calls, price: { model: per_unit, unit: "0.10" } }
      taxes:
        - { country: CH, name: MWST, rate: "0.081" }
        - { country: LI, name: none, rate: "0" }
      """, to: "catalog.yaml")
    #expect(await console.run("import", "catalog", catalog).status == .done)
  }

  private func accounts(_ countries: [String]) async throws -> Console.Said {
    let rows = countries.enumerated().map {
      "a\($0.offset),Name,a@b.example,CHF,\($0.element),Europe/Zurich,auto,pm_card_visa,7\n"
    }
    let path = try scratch.write(
      AccountTable.columns.joined(separator: ",") + "\n" + rows.joined(), to: "accounts.csv")
    return await console.run("import", "accounts", path, "--json")
  }

  private func usage(
    _ rows: [(metric: String, quantity: String, start: String)]
  ) async throws -> Console.Said {
    let lines = rows.enumerated().map {
      "e\($0.offset),a0,\($0.element.metric),\($0.element.quantity),\($0.element.start),"
        + "\($0.element.start)\n"
    }
    let path = try scratch.write(
      UsageTable.columns.joined(separator: ",") + "\n" + lines.joined(), to: "usage.csv")
    return await console.run("import", "usage", path, "--json")
  }

  @Test func `Usage without a price is named by import and preview`() async throws {
    _ = try await accounts(["CH"])
    let said = try await usage([
      ("api_call", "1000000", "2026-11-03T00:00:00Z"), ("API_CALLS", "5", "2026-11-03T00:00:00Z"),
      ("disk", "1", "2026-11-03T00:00:00Z"),
    ])
    #expect(said.status == .done)
    let lines = """
      warning: usage of unpriced metrics is on no invoice until a catalog prices it:
        API_CALLS (CHF): a0 5; did you mean api_calls?
        api_call (CHF): a0 1000000; did you mean api_calls?
        disk (CHF): a0 1

      """
    #expect(said.err == lines)
    let preview = await console.run("close", "preview", "2026-11")
    #expect(preview.status == .problem)
    #expect(preview.out.hasSuffix(lines))
    let status = await console.run("close", "status", "2026-11")
    #expect(status.out.hasSuffix(lines))
    let october = await console.run("close", "preview", "2026-10")
    #expect(october.status == .done)
  }

  @Test func `An account is counted once for a metric of two months`() async throws {
    let facts = InvoicingFacts(
      facts: AccountFacts(account: try account(), position: 0, balanceMinor: 0, creditMinor: 0),
      usage: [UsageSum(metric: "disk", quantity: .one, events: 1)],
      late: [
        LateUsage(
          period: try Period("2026-10"),
          usage: [
            UsageSum(metric: "disk", quantity: .one, events: 1),
            UsageSum(metric: "api_calls", quantity: .one, events: 1),
          ])
      ])
    let catalog = Catalog(
      version: 1, currency: try Currency("CHF"),
      products: [Product(id: "api", name: "API", metric: "api_calls", price: Price(.perUnit(.one)))]
    )
    let found = try Rating.unpriced(facts, period: Period("2026-11"), catalog: catalog)
    #expect(found.map { "\($0.metric) \($0.quantity)" } == ["disk 2"])
    #expect(found.map { $0.periods.sorted().map(\.description) } == [["2026-10", "2026-11"]])
  }

  @Test func `A currency without catalog is named as such`() async throws {
    let path = try scratch.write(
      AccountTable.columns.joined(separator: ",") + "\n"
        + "a0,Name,a@b.example,EUR,DE,Europe/Berlin,auto,pm_card_visa,7\n", to: "accounts.csv")
    #expect(await console.run("import", "accounts", path).status == .done)
    let said = try await usage([("api_calls", "1", "2026-11-03T00:00:00Z")])
    #expect(said.err.contains("api_calls (EUR): a0 1; there is no catalog in EUR for 2026-11 yet"))
  }

  @Test func `Countries without a tax are named unless a rate of zero says it is meant`()
    async throws
  {
    let said = try await accounts(["CH", "LI", "NO", "NO", "NO", "NO"])
    #expect(said.status == .done)
    let line = """
      warning: the catalog in CHF has no tax for NO, so no tax is charged to a2, a3, a4 and 1 \
      more; if that is intended, add a rate of "0"

      """
    #expect(said.err == line)
    let preview = await console.run("close", "preview", "2026-11")
    #expect(preview.status == .done)
    #expect(preview.out.contains(line))
  }

  @Test func `Months far away are named`() async throws {
    _ = try await accounts(["CH"])
    _ = try await usage([
      ("api_calls", "1", "1970-01-01T12:00:00Z"), ("api_calls", "1", "2062-11-03T00:00:00Z"),
      ("api_calls", "1", "2026-11-03T00:00:00Z"),
    ])
    let preview = await console.run("close", "preview", "2026-11")
    #expect(preview.status == .done)
    #expect(
      preview.out.hasSuffix(
        """
        warning: usage in distant months is on no invoice:
          1970-01: 1 account
          2062-11: 1 account

        """))
  }

  @Test func `An invoice above the maximum is a problem`() async throws {
    _ = try await accounts(["CH"])
    _ = try await usage([("api_calls", "120", "2026-11-03T00:00:00Z")])
    for (most, status) in [("12.97 CHF", closectl.ExitStatus.done), ("12.96 CHF", .problem)] {
      let preview = await console.run("close", "preview", "2026-11", "--max", most)
      #expect(preview.status == status)
      #expect(
        preview.out.contains("a0: above --max, 12.97 CHF is above 12.96 CHF")
          == (status == .problem))
    }
  }

  private func account() throws -> Account {
    Account(
      id: "a", name: "A", email: "a@b.example", currency: try Currency("CHF"), country: "CH",
      timeZone: "UTC", collection: .manual, paymentMethod: nil, holdAfterDays: 7)
  }

  private func found(
    total: Int64, before: Int64?, corrected: Int64? = nil, billed: Int64 = 1000
  ) throws -> [StrangeInvoices.Kind] {
    let chf = try Currency("CHF")
    let period = try Period("2026-11")
    let line = corrected.map {
      InvoiceLine(
        product: "api", text: "API", quantity: nil, unit: nil, amountMinor: $0, taxName: nil,
        taxRate: nil, correctsPeriod: period.previous)
    }
    let draft = InvoiceDraft(
      account: "a", period: period, currency: chf, catalogVersion: 1,
      lines: line.map { [$0] } ?? [], taxes: [], netMinor: total, taxMinor: 0, totalMinor: total,
      billed: [])
    let late = LateUsage(
      period: period.previous, usage: [],
      billed: [
        BilledUsage(
          period: period.previous, product: "api", quantity: .one, amountMinor: billed)
      ])
    var strange = StrangeInvoices()
    strange.look(
      at: draft,
      InvoicingFacts(
        facts: AccountFacts(account: try account(), position: 0, balanceMinor: 0, creditMinor: 0),
        usage: [], late: [late]), before: before)
    return strange.invoices.map(\.kind)
  }

  @Test func `Amounts far over the month before are strange`() throws {
    #expect(try found(total: 60_100, before: 10_000) == [.farOverMonthBefore])
    #expect(try found(total: 50_000, before: 10_000) == [], "five times, and not more")
    #expect(try found(total: 9_000, before: 100) == [], "too little to matter")
    #expect(try found(total: 60_100, before: nil) == [])
    #expect(try found(total: 60_100, before: 0) == [])
  }

  @Test func `Corrections larger than what was billed are strange`() throws {
    #expect(try found(total: 0, before: nil, corrected: 1001) == [.correctionOverBilled])
    #expect(try found(total: 0, before: nil, corrected: -1001) == [.correctionOverBilled])
    #expect(try found(total: 0, before: nil, corrected: 1000) == [])
  }
}
