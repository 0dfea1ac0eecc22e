import Billing
import Broker
import Foundation
import Ledger
import Services
import Testing

@testable import closectl

@Suite struct CloseCommandTests {
  private let scratch: Scratch
  private let broker = InMemoryBroker()

  init() async throws {
    scratch = try Scratch()
    let console = try Console(scratch, broker: broker)
    #expect(await console.run("init").status == .done)
    let accounts = try scratch.write(
      """
      account_id,name,email,currency,country,timezone,collection,payment_method,hold_after_days
      m-1,Anna,a@b.example,CHF,CH,Europe/Zurich,auto,pm_card_visa,7
      m-2,Beat,b@b.example,EUR,DE,Europe/Berlin,manual,,30

      """, to: "accounts.csv")
    #expect(await console.run("import", "accounts", accounts).status == .done)
    let catalog = try scratch.write(
      """
      version: 1
      currency: CHF
      products:
        - { id: fee, name: Fee, price: { model: flat, amount: "10" } }
      taxes:
        - { country: CH, name: MWST, rate: "0.081" }
      """, to: "catalog.yaml")
    #expect(await console.run("import", "catalog", catalog).status == .done)
  }

  private func console(now: String = "2026-12-03T00:00:00Z") throws -> Console {
    try Console(scratch, broker: broker, now: now)
  }

  @Test func `Preview tells totals and who cannot be rated`() async throws {
    let said = try await console().run("close", "preview", "2026-11", "--json")
    #expect(said.status == .problem)
    let preview = try document(said.out)
    let chf = (preview["currencies"] as? [[String: Any]])?.first
    #expect(chf?["currency"] as? String == "CHF")
    #expect(chf?["invoices"] as? Int == 1)
    #expect(chf?["net"] as? Int == 1000)
    #expect(chf?["tax"] as? Int == 81)
    #expect(chf?["total"] as? Int == 1081)
    let refused = preview["refused"] as? [[String: Any]]
    #expect(refused?.first?["account"] as? String == "m-2")
    #expect(refused?.first?["reason"] as? String == "there is no catalog in EUR for 2026-11")
  }

  @Test(
    arguments: [
      ("0.12", 12, "it is below the payment gateway's minimum of 0.50 CHF"),
      ("1000000", 100_000_000, "it is above the payment gateway's maximum of 999999.99 CHF"),
      ("999999.99", 99_999_999, nil), ("0.50", 50, nil),
    ] as [(String, Int, String?)])
  func `Preview names what the card cannot be charged with`(
    fee: String, amount: Int, reason: String?
  ) async throws {
    let catalog = try scratch.write(
      """
      version: 2
      currency: CHF
      products:
        - { id: fee, name: Fee, price: { model: flat, amount: "\(fee)" } }
      taxes: []
      """, to: "catalog-2.yaml")
    #expect(try await console().run("import", "catalog", catalog).status == .done)
    let said = try await console().run(
      "close", "preview", "2026-11", "--account", "m-1", "--json")
    #expect(said.status == .done)
    let preview = try document(said.out)
    #expect(preview["notChargeable"] as? Int == (reason == nil ? 0 : 1))
    let named = (preview["uncharged"] as? [[String: Any]])?.first
    #expect(named?["reason"] as? String == reason)
    #expect(named?["amount"] as? Int == (reason == nil ? nil : amount))
    let text = try await console().run("close", "preview", "2026-11", "--account", "m-1").out
    #expect(text.contains("warning: 1 invoices") == (reason != nil))
  }

  @Test func `Preview of an account shows its lines`() async throws {
    let said = try await console().run("close", "preview", "2026-11", "--account", "m-1")
    #expect(said.status == .done)
    #expect(
      said.out == """
        account m-1, catalog version 1
        line               quantity  unit  tax            amount
        Fee                                MWST 8.1 %  10.00 CHF
        net                                            10.00 CHF
        MWST on 10.00 CHF                  8.1 %        0.81 CHF
        total                                          10.81 CHF

        """)
    #expect(
      try await console().run("close", "preview", "2026-11", "--account", "x").status == .problem)
  }

  @Test func `Start publishes the trigger of the contract`() async throws {
    let said = try await console().run("close", "start", "2026-11", "--json")
    #expect(said.status == .done)
    #expect(try document(said.out)["messageID"] as? String == "close-2026-11")
    let consumer = try await broker.consume("invoicer", prefetch: 10)
    let deliveries = await consumer.next(limit: 10, linger: .zero) ?? []
    #expect(deliveries.map(\.routingKey) == ["close.requested"])
    #expect(deliveries.map(\.messageID) == ["close-2026-11"])
    #expect(deliveries.first?.contentType == "application/cloudevents+json")
    let body = try document(String(decoding: deliveries.first?.body ?? [], as: UTF8.self))
    #expect(body["type"] as? String == "close.requested.v1")
    #expect(body["source"] as? String == "/closectl")
    #expect((body["data"] as? [String: Any])?["period"] as? String == "2026-11")
  }

  @Test(arguments: [
    ("2026-11-23T00:00:00Z", "2026-11 has not ended anywhere yet; it is now 2026-11-23T00:00:00Z"),
    (
      "2026-11-30T22:59:59Z",
      "2026-11 ends at 2026-11-30T23:00:00Z for accounts in Europe/Berlin; "
        + "it is now 2026-11-30T22:59:59Z"
    ),
  ])
  func `A month that has not ended is refused unless told so`(now: String, why: String) async throws
  {
    let console = try console(now: now)
    let said = await console.run("close", "start", "2026-11")
    #expect(said.status == .problem)
    #expect(said.err.contains(why))
    #expect(await console.run("close", "start", "2026-11", "--early").status == .done)
  }

  @Test func `A month that ended where the accounts are is started`() async throws {
    let console = try console(now: "2026-11-30T23:00:00Z")
    #expect(await console.run("close", "start", "2026-11").status == .done)
  }

  @Test(arguments: [
    ("2026-12-01T12:00:00Z", "close-2026-11"),
    ("2026-12-31T23:59:59Z", "close-2026-11"),
    ("2027-01-01T12:15:00Z", "close-2026-12"),
  ])
  func `Last is the month before the present one, across the end of a year too`(
    now: String, id: String
  ) async throws {
    let said = try await console(now: now).run("close", "start", "last", "--json")
    #expect(said.status == .done)
    #expect(try document(said.out)["messageID"] as? String == id)
  }

  @Test func `The last month is refused where it still goes on`() async throws {
    let accounts = try scratch.write(
      """
      account_id,name,email,currency,country,timezone,collection,payment_method,hold_after_days
      m-3,Carl,c@b.example,CHF,CH,America/New_York,auto,pm_card_visa,7

      """, to: "america.csv")
    #expect(try await console().run("import", "accounts", accounts).status == .done)
    let early = try await console(now: "2026-12-01T04:59:00Z").run("close", "start", "last")
    #expect(early.status == .problem)
    #expect(early.err.contains("2026-11 ends at 2026-12-01T05:00:00Z for accounts in America"))
    let noon = try await console(now: "2026-12-01T12:00:00Z").run("close", "start", "last")
    #expect(noon.status == .done)
  }

  @Test func `A period that is none is wrong usage`() async throws {
    #expect(try await console().run("close", "start", "lastly").status == .usage)
  }

  @Test func `A trigger nobody takes is told`() async throws {
    let empty = InMemoryBroker()
    _ = try await empty.apply(
      Topology(
        exchanges: [.init(name: MonthClose.exchange, kind: "topic")], queues: [], bindings: []))
    let said = try await Console(scratch, broker: empty).run("close", "start", "2026-11")
    #expect(said.status == .problem)
    #expect(said.err.contains("run `closectl topology apply` first"))
  }

  @Test func `Status of a close nobody started is open and a problem`() async throws {
    let said = try await console().run("close", "status", "2026-11", "--json")
    #expect(said.status == .problem)
    let status = try document(said.out)
    #expect(status["state"] as? String == "open")
    #expect(status["period"] as? String == "2026-11")
    #expect(status["dead"] as? Int == 0)
    #expect((status["stragglers"] as? [String]) == [])
    #expect(
      (status["accounts"] as? [String: Int]) == ["expected": 2, "finished": 0, "remaining": 2])
    #expect(
      (status["stages"] as? [String: Int])
        == ["invoiced": 0, "settled": 0, "invoice_mailed": 0, "outcome_mailed": 0])
  }

  @Test func `Status without a broker tells the ledger's part`() async throws {
    let said = try await Console(scratch, broker: nil).run("close", "status", "2026-11", "--json")
    #expect(try document(said.out)["dead"] is NSNull)
    #expect(said.err.contains("dead letters are not counted"))
  }

  @Test func `A report of nothing is a problem`() async throws {
    let said = try await console().run("report", "2026-11", "--json")
    #expect(said.status == .problem)
    #expect(try document(said.out)["error"] as? String == "nothing was invoiced for 2026-11")
  }

  @Test func `Explain knows no stranger`() async throws {
    #expect(try await console().run("explain", "nobody").status == .problem)
    let said = try await console().run("explain", "m-1", "--json")
    #expect(said.status == .done)
    for personal in ["Anna", "a@b.example", "pm_card"] { #expect(!said.out.contains(personal)) }
  }

  @Test func `Topology differences are named`() async throws {
    #expect(try await console().run("topology", "check").status == .done)
    let other = InMemoryBroker()
    let said = try await Console(scratch, broker: other).run("topology", "check", "--json")
    #expect(said.status == .problem)
    let differences = try document(said.out)["differences"] as? [[String: Any]]
    #expect(differences?.isEmpty == false)
    #expect(try await Console(scratch, broker: other).run("topology", "apply").status == .done)
  }

  @Test func `The clock moves in a file`() async throws {
    let file = ["MONTHCLOSE_CLOCK_FILE": scratch.path("clock")]
    let console = try console()
    let said = await console.run(
      ["clock", "advance", "1d12h", "--json"], environment: file)
    #expect(said.status == .done)
    #expect(try scratch.read("clock") == "129600\n")
    #expect(try document(said.out)["offsetSeconds"] as? Int == 129_600)
  }
}
