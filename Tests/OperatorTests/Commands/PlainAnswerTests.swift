import Billing
import Broker
import Ledger
import Testing

@testable import closectl

/// What a command answers when something is waited for, or was asked for wrongly.
@Suite struct PlainAnswerTests {
  private let scratch: Scratch
  private let broker = InMemoryBroker()
  private let console: Console
  private let period: Period
  private let at: Instant

  init() async throws {
    scratch = try Scratch()
    console = try Console(scratch, broker: broker)
    period = try Period("2026-11")
    at = try Instant(rfc3339: "2026-12-01T02:00:00Z")
    try await console.importFlatFee(scratch)
  }

  /// Begun, and closed if `end` says how.
  private func openClose(end: AccountEnd? = nil) async throws {
    let store = try await openStore("sqlite:" + scratch.path("ledger.db"), migrate: false)
    let request = RunRequest(period: period, messageID: "close-2026-11", rangeSize: 50, at: at)
    let (period, at) = (period, at)
    let permission = StartPermission(isEarly: false, isPast: true)
    _ = try await store.openRun(
      request,
      decide: { try StartSituation(period, at: at, permission, monthsBack: 3, $0).decide() },
      announce: { _ in [] })
    if let end {
      let finished = Change(
        service: .reporter, messageID: "m", account: "m-1",
        writes: [.progress(account: "m-1", period: period, reached: .all, end: end)], at: at)
      let closed = Change(
        service: .reporter, messageID: "c", writes: [.closeRun(period)], at: at)
      _ = try await store.commit([finished, closed], published: [])
    }
    try await store.close()
  }

  private func put(_ count: Int, in queue: String) async {
    let messages = (1...count).map {
      OutgoingMessage(
        exchange: "", routingKey: queue, messageID: "m\($0)", contentType: "text/plain", body: [])
    }
    _ = await broker.publish(messages)
  }

  @Test(arguments: [
    ["close", "preview"], ["close", "start"], ["close", "status"], ["report"], ["audit"],
    ["parked", "list"], ["parked", "retry", "--dry-run"], ["resend", "--dry-run"], ["reconcile"],
    ["explain", "m-1", "--period"],
  ])
  func `Last stands wherever a period does`(_ command: [String]) async {
    let named = await console.run(command + ["2026-11"])
    let last = await console.run(command + ["last"])
    #expect(last.status == named.status)
    #expect(last.status != .usage)
    #expect((last.out, last.err) == (named.out, named.err))
  }

  @Test func `A mistyped verb is wrong usage`() async throws {
    let said = await console.run("close", "statsu", "2026-11", "--json")
    #expect(said.status == .usage)
    #expect(said.err.contains("did you mean `closectl close status`?"))
    #expect(try document(said.out)["exitStatus"] as? Int == 2)
  }

  @Test func `A watch of a close nobody started says so`() async throws {
    let said = await console.run("close", "status", "2026-11", "--watch")
    #expect(said.status == .problem)
    #expect(said.err.contains("close 2026-11: not started: invoicer: no consumers"))
    #expect(
      said.err.contains(
        "no close of 2026-11 has begun, and no trigger is waiting in the invoicer's queue; "
          + "if the invoicer is holding one, its log says why; "
          + "otherwise run closectl close start 2026-11"))
  }

  @Test func `A status of a close nobody started says what is on its way`() async throws {
    #expect(
      await console.run("close", "status", "2026-11").out
        .contains("start it with: closectl close start 2026-11"))
    #expect(await console.run("close", "start", "2026-11").status == .done)
    #expect(
      await console.run("close", "status", "2026-11").out
        .contains("invoicer: no consumers, 1 message waiting"))
  }

  @Test func `The start of a closed month says since when`() async throws {
    try await openClose(end: .paid)
    let said = await console.run("close", "start", "2026-11")
    #expect(said.status == .done)
    #expect(said.out.hasPrefix("2026-11 has been closed since 2026-12-01T02:00:00Z"))
    let shown = try document(await console.run("close", "start", "2026-11", "--json").out)
    #expect(shown["closedAt"] as? String == "2026-12-01T02:00:00Z")
    let waited = await console.run("close", "start", "2026-11", "--wait")
    #expect(waited.status == .done)
    #expect(waited.err.contains("closed since 2026-12-01T02:00:00Z"))
  }

  @Test func `Status says what limits a close`() async throws {
    try await openClose()
    await put(208, in: "charger")
    await put(3, in: "mailer.retry.1h")
    let said = await console.run("close", "status", "2026-11")
    for line in [
      "held up by:",
      "  charger: no consumers, 208 messages waiting",
      "  mailer: no consumers, no messages waiting; 3 failed and are retried within 1 h",
      "  m-1: invoice, settlement, invoice mail, outcome mail; invoicer has not started it, "
        + "since 2026-12-01T02:00:00Z",
    ] {
      #expect(said.out.contains("\n\(line)\n") || said.out.hasSuffix("\n\(line)\n"))
    }
    let shown = try document(await console.run("close", "status", "2026-11", "--json").out)
    let queues = shown["queues"] as? [[String: Any]]
    let charger = queues?.first { $0["service"] as? String == "charger" }
    #expect(charger?["messages"] as? Int == 208)
    #expect(charger?["consumers"] as? Int == 0)
    let waiting = (shown["waiting"] as? [[String: Any]])?.first
    #expect(waiting?["account"] as? String == "m-1")
    #expect(waiting?["since"] as? String == "2026-12-01T02:00:00Z")
    #expect(shown["stragglers"] as? [String] == ["m-1"])
  }

  @Test func `A closed close is limited by nothing`() async throws {
    try await openClose(end: .paid)
    let said = await console.run("close", "status", "2026-11")
    #expect(said.out.contains("close 2026-11: closed since 2026-12-01T02:00:00Z"))
    #expect(!said.out.contains("held up by"))
  }
}
