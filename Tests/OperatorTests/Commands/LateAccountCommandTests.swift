import Billing
import Broker
import Ledger
import Testing

@testable import closectl

/// Accounts that were imported after the start of a close, as `closectl` names them. The clock
/// stands at 2026-12-03.
@Suite struct LateAccountCommandTests {
  private let scratch: Scratch
  private let console: Console
  private let period: Period
  private let at: Instant

  init() async throws {
    scratch = try Scratch()
    console = try Console(scratch, broker: InMemoryBroker())
    period = try Period("2026-11")
    at = try Instant(rfc3339: "2026-12-01T02:00:00Z")
    try await console.importFlatFee(scratch)
  }

  private func importAccounts(_ ids: [String]) async throws {
    let lines = ids.map { "\($0),Anna,a@b.example,CHF,CH,Europe/Zurich,auto,pm_card_visa,7" }
    let columns =
      "account_id,name,email,currency,country,timezone,collection,payment_method,hold_after_days"
    let file = try scratch.write(
      ([columns] + lines).joined(separator: "\n") + "\n", to: "late.csv")
    #expect(await console.run("import", "accounts", file).status == .done)
  }

  private func trigger(closing: Bool = false) async throws {
    let store = try await openStore("sqlite:" + scratch.path("ledger.db"), migrate: false)
    let (period, at) = (period, at)
    let request = RunRequest(period: period, messageID: "close-2026-11", rangeSize: 50, at: at)
    _ = try await store.openRun(
      request,
      decide: {
        try StartSituation(period, at: at, StartPermission(isLate: true), monthsBack: 3, $0)
          .decide()
      }, announce: { _ in [] })
    if closing {
      let finished = Change(
        service: .reporter, messageID: "m", account: "m-1",
        writes: [.progress(account: "m-1", period: period, reached: .all, end: .paid)], at: at)
      let closed = Change(
        service: .reporter, messageID: "c", writes: [.closeRun(period)], at: at)
      _ = try await store.commit([finished, closed], published: [])
    }
    try await store.close()
  }

  private func said(_ command: String, _ options: String...) async -> String {
    let said = await console.run(["close", command, "2026-11"] + options)
    return said.out + said.err
  }

  @Test func `Running close names them and takes them in`() async throws {
    try await trigger()
    try await importAccounts((10...21).map { "x-\($0)" })
    let who =
      "12 accounts that came after the start: x-10, x-11, x-12, x-13, x-14, x-15, x-16, x-17, "
      + "x-18, x-19 and 2 more"
    let notYet =
      "not in this close yet, \(who); closectl close start 2026-11 --late adds them"
    #expect(await said("status").contains(notYet))
    #expect(await said("preview").contains(notYet))
    let preview = try document(await console.run("close", "preview", "2026-11", "--json").out)
    let currencies = preview["currencies"] as? [[String: Any]]
    #expect(currencies?.map { $0["invoices"] as? Int } == [1], "who is in the close")
    let plain = await said("start")
    #expect(plain.contains("note: not in this close yet, \(who); --late adds them\n"))
    #expect(await said("start", "--late").contains("note: adds \(who)\n"))
    try await trigger()
    let status = await said("status")
    #expect(status.contains("0 of 13 accounts finished"))
    #expect(
      status.contains(
        "late accounts added by close-2026-11 from /closectl at 2026-12-01T02:00:00Z: 12 accounts "
          + "that came later were added"))
    #expect(!status.contains("not in this close"))
    #expect(!(await said("start", "--late").contains("adds")))
  }

  @Test func `Closed month names them and says what becomes of their usage`() async throws {
    try await trigger(closing: true)
    try await importAccounts(["late", "later"])
    let usage = try scratch.write(
      """
      event_id,account_id,metric,quantity,start,end
      u,late,hours,3,2026-11-03T10:00:00Z,2026-11-03T11:00:00Z

      """, to: "usage.csv")
    #expect(await console.run("import", "usage", usage).status == .done)
    let who = "2 accounts that came after the start: late, later"
    let fate =
      "usage of 2026-11 goes on their next invoice automatically, without flat fees and "
      + "minimums (1 has any so far)"
    #expect(await said("status").contains("not in this close, \(who); \(fate)"))
    #expect(await said("preview").contains("not in this close, \(who); \(fate)"))
    let preview = try document(await console.run("close", "preview", "2026-11", "--json").out)
    let currencies = preview["currencies"] as? [[String: Any]]
    #expect(currencies?.map { $0["invoices"] as? Int } == [1], "m-1, which this test left out")
    #expect(await said("start").contains("note: 2026-11 is closed without \(who); \(fate)"))
    let one = await console.run("close", "preview", "2026-11", "--account", "late")
    #expect(one.out.contains("2026-11 is closed without late"))
    let late = try document(await console.run("close", "status", "2026-11", "--json").out)["late"]
    let shown = try #require(late as? [String: Any])
    #expect(shown["first"] as? [String] == ["late", "later"])
    #expect((shown["accounts"] as? Int, shown["withUsage"] as? Int) == (2, 1))
    #expect(shown["canBeTakenIn"] as? Bool == false)
  }

  /// Nobody has imported an account yet.
  @Test func `Close of nobody is refused`() async throws {
    let scratch = try Scratch()
    let console = try Console(scratch, broker: InMemoryBroker())
    #expect(await console.run("init").status == .done)
    let catalog = try scratch.write(
      """
      version: 1
      currency: CHF
      products:
        - { id: fee, name: Fee, price: { model: flat, amount: "10" } }
      """, to: "catalog.yaml")
    #expect(await console.run("import", "catalog", catalog).status == .done)
    let said = await console.run("close", "start", "2026-11")
    #expect(said.status == .problem)
    #expect(said.err.contains("there are no accounts to close in 2026-11: import accounts first"))
  }

  /// As a service of version 0.1 that has issued an invoice: the stage is left to the reporter.
  @Test func `Bindings that a running close needs are not retired`() async throws {
    try await importAccounts(["m-9"])
    try await trigger()
    let store = try await openStore("sqlite:" + scratch.path("ledger.db"), migrate: false)
    let event = OutgoingEvent(
      id: "invoice.issued:2026-11/m-9", type: EventType.invoiceIssued.rawValue,
      routingKey: "invoice.issued", account: "m-9", period: period, body: Array("{}".utf8))
    let change = Change(
      service: .invoicer, messageID: "of 0.1", account: "m-9", events: [event], at: at)
    _ = try await store.commit([change], published: [])
    let refused = await console.run("topology", "apply", "--retire")
    #expect(refused.status == .problem)
    #expect(refused.err.contains("invoice.issued:2026-11/m-9"))
    #expect(refused.err.contains("closectl resend 2026-11"))
    let stage = Change(
      service: .reporter, messageID: "noted", account: "m-9",
      writes: [.progress(account: "m-9", period: period, reached: .invoiced, end: nil)], at: at)
    _ = try await store.commit([stage], published: [])
    try await store.close()
    #expect(await console.run("topology", "apply", "--retire").status == .done)
  }
}
