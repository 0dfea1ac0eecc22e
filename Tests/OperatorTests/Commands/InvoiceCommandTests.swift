import Billing
import Ledger
import Testing

@testable import closectl

/// `invoice list`, `invoice show` and `report --csv`, of two invoices: one is paid by two thirds.
@Suite struct InvoiceCommandTests {
  private let scratch: Scratch
  private let console: Console

  init() async throws {
    scratch = try Scratch()
    console = try Console(scratch, broker: nil)
    #expect(await console.run("init", "--store-only").status == .done)
    let accounts = try scratch.write(
      """
      account_id,name,email,currency,country,timezone,collection,payment_method,hold_after_days
      m-1,Anna,a@b.example,CHF,CH,Europe/Zurich,auto,pm_card_visa,7
      m-2,Beat,b@b.example,CHF,CH,Europe/Zurich,manual,,7

      """, to: "accounts.csv")
    #expect(await console.run("import", "accounts", accounts).status == .done)
    let store = try await openStore("sqlite:" + scratch.path("ledger.db"), migrate: false)
    for account in ["m-1", "m-2"] { try await Self.issue(account, store) }
    try await store.close()
    let paid = await console.run(
      "payment", "record", "m-2", "--amount", "1000 CHF", "--reference", "bank-1")
    #expect(paid.status == .done)
    #expect(
      paid.out == """
        payment recorded: 1,000.00 CHF for account m-2, reference bank-1
          paid: 1,000.00 CHF of invoice 2026-11/m-2, of which 621.50 CHF is still open
          still open: 621.50 CHF of invoice 2026-11/m-2

        """)
  }

  private static func issue(_ account: String, _ store: LedgerStore) async throws {
    let draft = InvoiceDraft(
      account: account, period: try Period("2026-11"), currency: try Currency("CHF"),
      catalogVersion: 1,
      lines: [
        InvoiceLine(
          product: "power", text: "Power", quantity: try ExactDecimal(parsing: "12345.5"),
          unit: "kWh", amountMinor: 150_000, taxName: "MWST", taxRate: "0.081")
      ],
      taxes: [
        TaxTotal(name: "MWST", rate: "0.081", taxableMinor: 150_000, amountMinor: 12_150)
      ],
      netMinor: 150_000, taxMinor: 12_150, totalMinor: 162_150, billed: [])
    let posting = try #require(try Transaction.issuing(draft))
    let change = Change(
      service: .invoicer, messageID: "close.range:\(account)", account: account,
      decision: DecisionRecord(rule: "r", finding: .same, explanation: "issued"),
      writes: [.issue(draft), .post(posting)], at: try Instant(rfc3339: "2026-12-01T02:00:00Z"))
    _ = try await store.commit([change], published: [])
  }

  @Test func `The invoices of a month are listed`() async throws {
    let lines = await console.run("invoice", "list", "last").out.split(separator: "\n")
    #expect(
      lines.map { String($0.prefix(75)) } == [
        "number  invoice               net         tax         total          open  ",
        "     1  2026-11/m-1  1,500.00 CHF  121.50 CHF  1,621.50 CHF  1,621.50 CHF  ",
        "     2  2026-11/m-2  1,500.00 CHF  121.50 CHF  1,621.50 CHF    621.50 CHF  ",
        "2 invoices for 3,243.00 CHF, 2,243.00 CHF open",
      ])
    #expect(lines[1].hasSuffix("  open    2026-12-01T02:00:00Z"))
    let shown = try document(
      await console.run("invoice", "list", "2026-11", "--status", "open", "--json").out)
    let first = (shown["invoices"] as? [[String: Any]])?.first
    #expect(first?["total"] as? Int == 162_150)
    #expect(first?["account"] as? String == "m-1")
    let none = await console.run("invoice", "list", "2026-11", "--status", "paid")
    #expect((none.status, none.out) == (.done, "there is no paid invoice for 2026-11\n"))
    #expect(await console.run("invoice", "list", "2026-11", "--status", "late").status == .usage)
  }

  @Test func `A list for other programs has plain figures`() async {
    let said = await console.run("invoice", "list", "2026-11", "--csv")
    #expect(
      said.out
        == [
          "invoice,number,account_id,period,currency,net,tax,total,open,status,issued_at",
          "2026-11/m-1,1,m-1,2026-11,CHF,1500.00,121.50,1621.50,1621.50,open,2026-12-01T02:00:00Z",
          "2026-11/m-2,2,m-2,2026-11,CHF,1500.00,121.50,1621.50,621.50,open,2026-12-01T02:00:00Z",
          "",
        ].joined(separator: "\r\n"))
    #expect(await console.run("invoice", "list", "2026-11", "--csv", "--json").status == .usage)
    #expect(await console.run("report", "2026-11", "--csv", "--json").status == .usage)
  }

  @Test func `One invoice is shown with its tax base and what was paid of it`() async throws {
    let said = await console.run("invoice", "show", "2026-11/m-2")
    #expect(
      said.out == """
        invoice 2026-11/m-2, number 2, issued 2026-12-01T02:00:00Z
        account m-2, catalog version 1
        line                  quantity  unit  tax               amount
        Power                 12,345.5  kWh   MWST 8.1 %  1,500.00 CHF
        net                                               1,500.00 CHF
        MWST on 1,500.00 CHF                  8.1 %         121.50 CHF
        total                                             1,621.50 CHF

        at                    by       reference           open
        2026-12-03T00:00:00Z  payment  bank-1     -1,000.00 CHF

        open: 621.50 CHF of it

        """)
    let shown = try document(await console.run("invoice", "show", "2026-11/m-2", "--json").out)
    #expect(
      (shown["postings"] as? [[String: Any]])?.map { $0["amount"] as? Int }
        == [162_150, -100_000])
    let stranger = await console.run("invoice", "show", "2026-11/nobody")
    #expect(stranger.status == .problem)
    for personal in ["Beat", "b@b.example"] { #expect(!said.out.contains(personal)) }
  }

  @Test func `A report for other programs is a figure a line`() async {
    let said = await console.run("report", "2026-11", "--csv")
    #expect(
      said.out
        == [
          "period,currency,figure,detail,rate,base,value",
          "2026-11,CHF,invoices,,,,2",
          "2026-11,CHF,invoiced,,,,3243.00",
          "2026-11,CHF,credited,,,,0.00",
          "2026-11,CHF,collected,,,,1000.00",
          "2026-11,CHF,collected by the gateway,,,,0.00",
          "2026-11,CHF,outstanding,,,,2243.00",
          "2026-11,CHF,revenue,power,,,3000.00",
          "2026-11,CHF,tax by rate,MWST,0.081,3000.00,243.00",
          "2026-11,CHF,tax,,,,243.00",
          "2026-11,CHF,holds,,,,0",
          "2026-11,CHF,sum of all entries,,,,0.00",
          "",
        ].joined(separator: "\r\n"))
  }
}
