import Billing
import Broker
import Ledger
import Testing

@testable import Operations
@testable import Services

/// What waits for a person has a way back, and none of them leads to a second charge.
@Suite struct ParkedRetryTests {
  private static let rejected = PaperGateway.Fault.answer(
    .rejected("status 400, invalid_request_error, resource_missing, parameter payment_method"))
  private static let implausible = PaperGateway.Fault.answer(
    .implausible("metadata.invoice is not our invoice"))
  private static let order = ParkedRetry.Order(operatorName: "anna", reason: "ticket 4711")

  /// A card that the gateway does not know, then the right one.
  @Test func `A mistyped card is charged once it is put right`() async throws {
    let world = try await World(accounts: [.test("a")])
    world.gateway.script("a", Self.rejected)
    try await world.trigger()
    try await world.run()
    #expect(try await world.ends() == [.parked: 1])
    #expect(try await world.facts("a")?.attempts.map(\.state) == [.lost])
    world.advance(days: 1)
    try await world.importAgain(.test("a", card: "_corrected"))
    try await world.run()
    #expect(try await world.ends() == [.paid: 1])
    #expect(world.gateway.charges.map(\.attempt) == [2])
    let cards = try await world.facts("a")?.attempts.map(\.paymentMethod)
    #expect(cards == ["pm_card_visa", "pm_card_visa_corrected"])
    try await world.importAgain(.test("a", card: "_corrected"))
    try await world.run()
    #expect(world.gateway.charges.count == 1)
  }

  @Test func `A new card is tried after the old one was declined for good`() async throws {
    let world = try await World(accounts: [.test("a", card: Account.hard)])
    try await world.trigger()
    try await world.run()
    #expect(try await world.ends() == [.awaitingPayment: 1])
    try await world.importAgain(.test("a"))
    try await world.run()
    #expect(try await world.ends() == [.paid: 1])
    #expect(
      try await world.facts("a")?.attempts.map(\.state) == [.declinedHard, .succeeded])
    let finding = try await world.attemptsFinding()
    #expect(finding.verdict == .holds, "\(finding)")
  }

  @Test func `The card that was declined for good is not tried again`() async throws {
    let world = try await World(accounts: [.test("a", card: Account.hard)])
    try await world.trigger()
    try await world.run()
    try await world.importAgain(.test("a", card: nil))
    try await world.importAgain(.test("a", card: Account.hard))
    try await world.run()
    #expect(world.gateway.calls == 1)
  }

  @Test func `A parked attempt is looked at and charged where it was not made`() async throws {
    let world = try await World(accounts: [.test("a"), .test("b")])
    world.gateway.script("a", Self.implausible)
    try await world.trigger()
    try await world.run()
    let parked = try await world.store.parked(World.period, limit: 10)
    #expect(parked.map(\.account) == ["a"])
    #expect(parked.map(\.rule) == ["charge.gateway-implausible"])
    let outcome = try await ParkedRetry(store: world.store, clock: world.clock).retry(
      parked[0], Self.order)
    #expect(outcome == .scheduled)
    try await world.run()
    #expect(try await world.ends() == [.paid: 2])
    #expect(world.gateway.charges.count == 2)
    #expect(try await world.rules("a", .closectl) == ["operator.parked-retry"])
  }

  /// The charge was made; only its answer was about something else.
  @Test(arguments: [0, 2]) func `A parked attempt that was made is posted and not made again`(
    days: Int
  ) async throws {
    let world = try await World(accounts: [.test("a")])
    world.gateway.script("a", .chargedDenied)
    try await world.trigger()
    try await world.run()
    #expect(try await world.ends() == [.parked: 1])
    world.advance(days: days)
    let parked = try await world.store.parked(World.period, limit: 10)
    _ = try await ParkedRetry(store: world.store, clock: world.clock).retry(parked[0], Self.order)
    try await world.run()
    #expect(world.gateway.charges.count == 1)
    #expect(try await world.facts("a")?.attempts.map(\.state) == [.succeeded])
    #expect(try await world.ends() == [.paid: 1])
  }

  @Test func `A replayed letter gets its account back`() async throws {
    let world = try await World(accounts: [.test("a")])
    world.gateway.script("a", Self.implausible)
    try await world.trigger()
    try await world.run()
    #expect(try await world.choose().map(\.classification.letterClass) == [.needed])
    #expect(try await world.replay("r-1") == 1)
    try await world.run()
    #expect(try await world.ends() == [.paid: 1])
    #expect(world.gateway.charges.count == 1)
  }

  @Test func `A replay that is parked again can be replayed again`() async throws {
    let world = try await World(accounts: [.test("a")])
    world.gateway.script("a", Self.implausible, Self.implausible)
    try await world.trigger()
    try await world.run()
    #expect(try await world.replay("r-1") == 1)
    try await world.run()
    #expect(try await world.ends() == [.parked: 1])
    #expect(try await world.facts("a")?.attempts.map(\.state) == [.parked])
    #expect(try await world.replay("r-2") == 1)
    try await world.run()
    #expect(try await world.ends() == [.paid: 1])
    #expect(world.gateway.charges.count == 1)
  }
}

extension World {
  fileprivate func importAgain(_ account: Account) async throws {
    _ = try await store.importAccounts([(account: account, line: 2)], at: clock.now())
  }

  fileprivate func attemptsFinding() async throws -> AuditFinding {
    var evidence = ChargeEvidence(attempts: [], charges: [])
    evidence.attempts = try await store.auditedAttempts(World.period)
    return AuditCheck.attempts(evidence)
  }
}
