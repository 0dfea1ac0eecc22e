import Broker
import Ledger
import Services
import Testing

@testable import closectl

/// Swift Testing has an `ExitStatus` too.
typealias Status = closectl.ExitStatus

@Suite struct ExitStatusTests {
  @Test(
    arguments: [
      (StoreError.unreachable("x"), Status.unreachable),
      (StoreError.notInitialized("x"), .problem),
      (StoreError.readOnly("x"), .problem),
      (StoreError.newerSchema(found: 9, known: 1), .problem),
      (StoreError.damaged("x"), .problem),
      (BrokerError.unreachable(host: "h", port: 1, why: "x"), .unreachable),
      (BrokerError.refusedLogin(user: "u", host: "h"), .unreachable),
      (BrokerError.noVirtualHost("v"), .unreachable),
      (BrokerError.timedOut("x"), .unreachable),
      (BrokerError.badURL("x"), .usage),
      (BrokerError.noQueue("q"), .problem),
      (BrokerError.refused(code: 406, text: "x"), .problem),
      (SettingsError(problems: ["x"]), .usage),
      (Misuse("x"), .usage),
      (Problem("x"), .problem),
    ] as [(any Error & Sendable, Status)])
  func `Every fault has its status`(error: any Error & Sendable, status: Status) {
    #expect(Status(of: error) == status)
  }

  private func run(_ arguments: [String]) async throws -> Console.Said {
    let console = try Console(try Scratch(), broker: nil)
    return await console.run(arguments)
  }

  @Test(arguments: [
    ["nonsense"], ["close"], [], ["close", "start"], ["close", "start", "2026-13"],
    ["close", "start", "2026-11", "--nonsense"], ["import", "usage"],
    ["payment", "record", "a", "--amount", "12", "--reference", "r"],
    ["payment", "record", "a", "--amount", "0 CHF", "--reference", "r"],
    ["payment", "record", "a", "--amount", "1.234 CHF", "--reference", "r"],
    ["payment", "record", "a", "--amount", "1 CHF", "--reference", ""],
    ["report", "2026-11", "--store-url", "mysql:x"], ["clock", "show"],
    ["clock", "advance", "8 days"],
    ["topology", "check", "--broker-url", "amqp://user:secret@host/"],
  ])
  func `Wrong usage is two and says how on standard error`(arguments: [String]) async throws {
    let said = try await run(arguments)
    #expect(said.status == .usage)
    #expect(said.out.isEmpty)
    #expect(!said.err.isEmpty)
    #expect(!said.err.contains("secret"))
  }

  @Test(arguments: [["--help"], ["--version"], ["close", "start", "--help"], ["help", "report"]])
  func `Help is no error`(arguments: [String]) async throws {
    #expect(try await run(arguments).status == .done)
  }

  @Test func `A broker that is gone is three`() async throws {
    let said = try await run(["topology", "check", "--json"])
    #expect(said.status == .unreachable)
    #expect(said.err.contains("the broker at 127.0.0.1:5672 cannot be reached"))
    let document = try document(said.out)
    #expect(document["exitStatus"] as? Int == 3)
  }

  @Test func `A store that was never made is a problem with its remedy`() async throws {
    let said = try await run(["report", "2026-11"])
    #expect(said.status == .problem)
    #expect(said.err.contains("run `closectl init`"))
  }
}
