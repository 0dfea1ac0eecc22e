import Billing
import Broker
import Foundation
import Ledger
import Testing

@testable import closectl

/// Which months `close start` asks for, and what `close status` and `preview` say of others. The
/// clock stands at 2026-12-03.
@Suite struct ClosedMonthTests {
  private let scratch: Scratch
  private let broker = InMemoryBroker()
  private let console: Console

  init() async throws {
    scratch = try Scratch()
    console = try Console(scratch, broker: broker)
    try await console.importFlatFee(scratch)
  }

  private func importUsage(_ month: String) async throws {
    let usage = try scratch.write(
      """
      event_id,account_id,metric,quantity,start,end
      u-\(month),m-1,hours,3,\(month)-03T10:00:00Z,\(month)-03T11:00:00Z

      """, to: "usage-\(month).csv")
    #expect(await console.run("import", "usage", usage).status == .done)
  }

  @Test(arguments: [
    ("2025-11", "13 months back; more than 3 (MONTHCLOSE_MONTHS_BACK)", "--past starts"),
    ("1999-01", "months back", "--past starts"),
    ("2026-10", "ended before the first catalog was imported", "--past starts"),
    ("2026-12", "2026-12 has not ended anywhere yet", "--early starts"),
    ("2099-01", "2099-01 has not begun anywhere yet", ""),
  ])
  func `Month nobody means is refused`(month: String, why: String, remedy: String) async throws {
    let said = await console.run("close", "start", month)
    #expect(said.status == .problem)
    #expect(said.err.contains(why))
    #expect(remedy.isEmpty || said.err.contains(remedy))
    #expect(try await broker.depth(of: "invoicer")?.messages == 0)
  }

  @Test func `Permission goes with the trigger`() async throws {
    #expect(await console.run("close", "start", "2025-11", "--past").status == .done)
    #expect(await console.run("close", "start", "2026-12", "--early").status == .done)
    #expect(await console.run("close", "start", "2026-11").status == .done)
    #expect(await console.run("close", "start", "2099-01", "--early", "--past").status == .problem)
    let data = try broker.messages(in: "invoicer").map {
      try document(String(decoding: $0.body, as: UTF8.self))["data"] as? [String: Any] ?? [:]
    }
    #expect(data.map { $0["period"] as? String } == ["2025-11", "2026-12", "2026-11"])
    #expect(data.map { $0["past"] as? Bool } == [true, nil, nil])
    #expect(data.map { $0["early"] as? Bool } == [nil, true, nil])
  }

  @Test func `How far back is a setting`() async throws {
    try await importUsage("2026-01")
    #expect(await console.run("close", "start", "2026-08").status == .problem)
    let environment = ["MONTHCLOSE_MONTHS_BACK": "4"]
    let said = await console.run(["close", "start", "2026-08"], environment: environment)
    #expect(said.status == .done)
  }

  /// Cron's owner looks at the status of the month they meant to close.
  @Test func `Refused trigger is shown by the status`() async throws {
    let period = try Period("2031-05")
    let at = try Instant(rfc3339: "2026-12-03T02:00:00Z")
    let store = try await openStore("sqlite:" + scratch.path("ledger.db"), migrate: false)
    let request = RunRequest(
      period: period, messageID: "close-2031-05", source: "/cron", rangeSize: 50, at: at)
    for _ in 1...2 {
      _ = try await store.openRun(
        request,
        decide: {
          try StartSituation(period, at: at, StartPermission(), monthsBack: 3, $0).decide()
        }, announce: { _ in [] })
    }
    try await store.close()
    let said = await console.run("close", "status", "2031-05")
    #expect(said.status == .problem)
    #expect(
      said.out == """
        close 2031-05: not started; accounts to close: 1
        refused close-2031-05 from /cron (period-not-over) at 2026-12-03T02:00:00Z (2 times, first \
        at 2026-12-03T02:00:00Z): 2031-05 has not begun anywhere yet; it is now 2026-12-03T02:00:00Z

        """)
    let shown = try document(await console.run("close", "status", "2031-05", "--json").out)
    let trigger = (shown["triggers"] as? [[String: Any]])?.first
    #expect(trigger?["outcome"] as? String == "refused")
    #expect(trigger?["rule"] as? String == "close.not-begun")
    #expect(trigger?["times"] as? Int == 2)
  }

  /// No later close bills October, so every command that shows a close says so.
  @Test(arguments: [["preview", "2026-11"], ["start", "2026-11"], ["status", "2026-11"]])
  func `Month that was never closed is named`(_ command: [String]) async throws {
    try await importUsage("2026-10")
    try await importUsage("2026-11")
    let said = await console.run(["close"] + command)
    #expect((said.out + said.err).contains("2026-10 was never closed: usage of 1 account"))
    let shown = try document(await console.run(["close"] + command + ["--json"]).out)
    let unclosed = shown["unclosed"] as? [[String: Any]]
    #expect(unclosed?.map { $0["period"] as? String } == ["2026-10"])
    #expect(unclosed?.map { $0["accounts"] as? Int } == [1])
  }
}
