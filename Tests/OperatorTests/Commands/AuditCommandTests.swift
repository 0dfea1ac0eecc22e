import Billing
import Broker
import Foundation
import Ledger
import Operations
import Payments
import Testing

@testable import closectl

@Suite struct AuditCommandTests {
  private let scratch: Scratch
  private let console: Console

  /// A close without accounts: it has ended as soon as it was opened.
  init() async throws {
    scratch = try Scratch()
    console = try Console(scratch, broker: InMemoryBroker())
    #expect(await console.run("init").status == .done)
    let store = try await openStore("sqlite:" + scratch.path("ledger.db"), migrate: false)
    let period = try Period("2026-11")
    let now = try Instant(rfc3339: "2026-12-03T00:00:00Z")
    let request = RunRequest(period: period, messageID: "t", rangeSize: 50, at: now)
    _ = try await store.openRun(
      request,
      decide: { _ in
        try StartSituation(
          period, at: now, StartPermission(), monthsBack: 1,
          StartFacts(isStarted: false, hasCatalog: true, accounts: 1)
        ).decide()
      }, announce: { _ in [] })
    let end = Change(service: .reporter, messageID: "end", writes: [.closeRun(period)], at: now)
    _ = try await store.commit([end], published: [])
    try await store.close()
  }

  private static let stray = GatewayCharge(
    id: "ch_9", payment: "pi_9", invoice: "2026-11/m-1", attempt: 1, amountMinor: 7,
    currency: "CHF", state: .succeeded)

  @Test func `All that holds is a line each`() async throws {
    let said = await console.run("audit", "2026-11", "--deep")
    #expect(said.status == .done)
    #expect(said.out.contains("ok     I2   one charge per invoice: 0 charges at the gateway"))
    #expect(said.out.contains("-      I12  not checked here, a superseded process commits nothing"))
    #expect(said.out.contains("everything checked holds"))
    let lines = said.out.split(separator: "\n")
    #expect(lines.count == Invariant.allCases.count + 2)
  }

  @Test func `What is broken is one with the offending I ds`() async throws {
    console.listed.withLock { $0 = .success([Self.stray]) }
    let said = await console.run("audit", "2026-11", "--json")
    #expect(said.status == .problem)
    let document = try document(said.out)
    #expect(document["ok"] as? Bool == false)
    let lines = document["invariants"] as? [[String: Any]] ?? []
    let broken = lines.filter { $0["verdict"] as? String == "broken" }
    #expect(broken.map { $0["invariant"] as? String } == ["I4", "I11", "I20"])
    #expect((broken.first?["offending"] as? [String])?.first?.hasPrefix("ch_9: taken") == true)
    #expect(broken.first?["offendingTotal"] as? Int == 1)
  }

  @Test func `A gateway that cannot be asked is three`() async throws {
    console.listed.withLock { $0 = .failure(.unauthorized(status: 401)) }
    let said = await console.run("audit", "2026-11")
    #expect(said.status == .unreachable)
    #expect(said.err.contains("the payment gateway rejects our key: status 401"))
    let gone = try Console(scratch, broker: nil)
    #expect(await gone.run("audit", "2026-11").status == .unreachable)
  }

  @Test func `A certificate is written only of what holds`() async throws {
    let file = scratch.path("certificate.json")
    #expect(await console.run("audit", "2026-11", "--certificate", file).status == .done)
    let first = try Data(contentsOf: URL(fileURLWithPath: file))
    #expect(await console.run("audit", "2026-11", "--certificate", file).status == .done)
    #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == first)
    console.listed.withLock { $0 = .success([Self.stray]) }
    let other = scratch.path("none.json")
    let said = await console.run("audit", "2026-11", "--certificate", other)
    #expect(said.status == .problem)
    #expect(said.out.contains("no certificate was written, because these do not hold: I4, I11"))
    #expect(!FileManager.default.fileExists(atPath: other))
  }

  @Test(arguments: [
    ["--position", "1"], ["--certificate", "/nowhere/x", "--position", "-1"],
    ["--certificate", "/nowhere/x", "--position", "1"], ["--mailbox", "/nowhere"],
  ])
  func `Wrong usage is two`(_ options: [String]) async throws {
    #expect(await console.run(["audit", "2026-11"] + options).status == .usage)
  }

  @Test func `A month that was never closed is a problem`() async throws {
    let said = await console.run("audit", "2026-10")
    #expect(said.status == .problem)
    #expect(said.err.contains("the close of 2026-10 was never started"))
  }

  @Test(
    arguments: [
      ("Subject: x\r\nMessage-ID: <a.receipt@b.example>\r\n\r\nbody", "a.receipt"),
      ("message-id:\r\n <a@b>\r\nTo: x\r\n\r\n", "a"),
      ("To: x\r\n\r\nMessage-ID: <a@b>\r\n", nil),
      ("Message-ID: <>\n\n", nil),
    ] as [(String, String?)])
  func `A mail is known by its message id`(_ mail: String, _ id: String?) {
    #expect(Maildir.messageID(Data(mail.utf8)) == id)
  }
}
