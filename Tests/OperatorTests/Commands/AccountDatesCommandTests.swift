import Billing
import Broker
import Ledger
import Testing

@testable import closectl

/// `start` and `end` of accounts, as files set them and `closectl` shows them. The clock stands at
/// 2026-12-03.
@Suite struct AccountDatesCommandTests {
  private let scratch: Scratch
  private let console: Console

  init() async throws {
    scratch = try Scratch()
    console = try Console(scratch, broker: InMemoryBroker())
    try await console.importFlatFee(scratch)
  }

  private func take(_ header: String, _ rows: String...) async throws -> Console.Said {
    let columns = AccountTable.columns.joined(separator: ",")
    let path = try scratch.write(
      ([columns + header] + rows).joined(separator: "\n") + "\n", to: "dates.csv")
    return await console.run("import", "accounts", path)
  }

  private func row(_ id: String, _ dates: String = "") -> String {
    "\(id),Anna,a@b.example,CHF,CH,Europe/Zurich,auto,pm_card_visa,7\(dates)"
  }

  private func preview(_ month: String, _ options: String...) async -> Console.Said {
    await console.run(["close", "preview", month] + options)
  }

  private func close(_ period: String) async throws {
    let store = try await openStore("sqlite:" + scratch.path("ledger.db"), migrate: false)
    let period = try Period(period)
    let at = try Instant(rfc3339: "2026-12-01T02:00:00Z")
    _ = try await store.openRun(
      RunRequest(period: period, messageID: "close-\(period)", rangeSize: 50, at: at),
      decide: {
        try StartSituation(period, at: at, StartPermission(), monthsBack: 3, $0).decide()
      }, announce: { _ in [] })
    let catalogs = try await store.catalogs(for: period)
    let accounts = try await store.uninvoiced(period: period, range: 0)
    for facts in try await store.invoicingFacts(accounts, period: period, eventMetrics: []) {
      let catalog = try #require(catalogs["CHF"])
      let draft = try Rating.draft(facts, period: period, catalog: catalog)
      var writes: [Write] = [.issue(draft)]
      if let posting = try Transaction.issuing(draft) { writes.append(.post(posting)) }
      let decision = DecisionRecord(rule: "r", finding: .same, explanation: "issued")
      let change = Change(
        service: .invoicer, messageID: "\(draft.id)", account: draft.account, decision: decision,
        writes: writes, at: at)
      _ = try await store.commit([change], published: [])
    }
    try await store.close()
  }

  @Test func `A flat fee is previewed by days`() async throws {
    #expect(try await take(",end", row("m-1", ",2026-11-15")).status == .done)
    let said = await preview("2026-11", "--account", "m-1")
    #expect(said.out.contains("Fee (14 of 30 days)"))
    #expect(said.out.contains("4.67 CHF"))
  }

  @Test func `Those that are left out are counted`() async throws {
    let said = try await take(
      ",start,end", row("new", ",2026-12-01,"), row("old", ",,2026-11-01"),
      row("older", ",,2026-10-15"))
    #expect(said.status == .done && said.err == "", "\(said.err)")
    let november = await preview("2026-11")
    #expect(november.out.contains("left out: 1 account that had not begun, 2 that had ended"))
    let document = try document(await preview("2026-11", "--json").out)
    #expect((document["notBegun"] as? Int, document["ended"] as? Int) == (1, 2))
    let currencies = document["currencies"] as? [[String: Any]]
    #expect(currencies?.map { $0["invoices"] as? Int } == [1])
    #expect(!(await preview("2026-09").out.contains("had ended")))
    for (account, why) in [("new", "begins on 2026-12-01"), ("old", "ended on 2026-11-01")] {
      let one = await preview("2026-11", "--account", account)
      #expect(
        one.out.contains(
          "2026-11 is closed without \(account), which \(why) and has no usage to bill"))
    }
  }

  @Test func `Usage outside of the dates is named as strange`() async throws {
    let catalog = try scratch.write(
      """
      version: 2
      currency: CHF
      products:
        - { id: api, name: API, metric: calls, price: { model: per_unit, unit: "0.10" } }
      taxes: []
      """, to: "catalog-2.yaml")
    #expect(await console.run("import", "catalog", catalog).status == .done)
    _ = try await take(",start,end", row("m-1", ",2026-11-05,2026-11-15"))
    let usage = try scratch.write(
      UsageTable.columns.joined(separator: ",")
        + """

        e1,m-1,calls,1,2026-11-04T10:00:00Z,2026-11-04T10:00:00Z
        e2,m-1,calls,1,2026-11-05T10:00:00Z,2026-11-05T10:00:00Z
        e3,m-1,calls,1,2026-11-15T10:00:00Z,2026-11-15T10:00:00Z
        e4,m-1,calls,1,2026-11-16T10:00:00Z,2026-11-16T10:00:00Z

        """, to: "usage.csv")
    #expect(await console.run("import", "usage", usage).status == .done)
    let said = await preview("2026-11")
    #expect(said.status == .done)
    #expect(
      said.out.contains(
        "  m-1: usage outside its dates, 1 event from before its start and 2 events from after "
          + "its end, billed anyway"))
    let december = await preview("2026-12")
    #expect(!december.out.contains("outside"))
  }

  @Test func `Invoiced months whose days change are warned of`() async throws {
    try await close("2026-11")
    let said = try await take(",end", row("m-1", ",2026-11-15"))
    #expect(said.status == .done)
    #expect(
      said.err.contains(
        "warning: m-1: 2026-11 is invoiced with 30 of 30 days, but would now have 14; grant "
          + "a credit if appropriate\n"))
    #expect(try await take("", row("m-1")).err == "", "its end is as it was")
    let back = try await take(",end", row("m-1", ","))
    #expect(back.err == "", "as it was invoiced")
  }

  @Test func `The end is on the invoice and in the story`() async throws {
    _ = try await take(",start,end", row("m-1", ",2026-11-05,2026-11-15"))
    try await close("2026-11")
    let invoice = await console.run("invoice", "show", "2026-11/m-1")
    #expect(
      invoice.out.contains(
        "the account's end date is 2026-11-15\nflat fees are for 10 of 30 days\n"))
    let shown = try document(await console.run("invoice", "show", "2026-11/m-1", "--json").out)
    #expect((shown["activeDays"] as? Int, shown["accountEnd"] as? String) == (10, "2026-11-15"))
    let story = await console.run("explain", "m-1")
    #expect(story.out.contains("hold after 7 days, start 2026-11-05, end 2026-11-15"))
    #expect(story.out.split(separator: "\n").first?.contains("; ended on 2026-11-15") == true)
    let explained = try document(await console.run("explain", "m-1", "--json").out)
    #expect(
      (explained["start"] as? String, explained["end"] as? String) == ("2026-11-05", "2026-11-15"))
  }

  @Test func `Credit of an ended account is shown for a person to pay out`() async throws {
    _ = try await take(",end", row("m-1", ",2026-11-15"))
    try await close("2026-11")
    let credit = await console.run(
      "credit", "grant", "m-1", "--amount", "20 CHF", "--reference", "c-1")
    #expect(credit.status == .done, "\(credit.err)")
    for month in ["2026-11", "2026-12"] {
      let said = await preview(month)
      #expect(
        said.out.contains(
          "credit left on ended accounts, to be paid out by a person:\n"
            + "  m-1, ended on 2026-11-15: 15.33 CHF\n"))
    }
    #expect(!(await preview("2026-10").out.contains("to be paid out by a person")))
    let story = await console.run("explain", "m-1")
    #expect(story.out.contains("15.33 CHF of credit is unused; ended on 2026-11-15"))
  }
}
