import Billing
import Ledger
import Testing

@testable import Operations

@Suite struct ReversalTests {
  private func closed(_ accounts: Account...) async throws -> World {
    let world = try await World(accounts: accounts)
    try await world.trigger()
    try await world.run()
    return world
  }

  private func pay(_ world: World, _ amountMinor: Int64, account: String = "a") async throws {
    let outcome = try await world.operations.recordPayment(
      account: account, amount: Money(amountMinor, .chf), reference: "bank-1")
    guard case .done = outcome else {
      Issue.record("\(outcome)")
      return
    }
    try await world.run()
  }

  private func reverse(_ world: World, dryRun: Bool = false) async throws -> ReversalOutcome {
    try await world.operations.reverse(
      ReversalOrder(kind: .payment, reference: "bank-1", reason: "returned by the bank"),
      dryRun: dryRun)
  }

  @Test func `A payment taken back is owed again and leads to a hold`() async throws {
    let world = try await closed(.test("a", card: nil, graceDays: 14))
    try await pay(world, 1_081)
    #expect(try await world.ends() == [.paid: 1])

    let plan = ReversalPlan(
      account: "a", amount: Money(1_081, .chf), reopened: ["2026-11/a": 1_081])
    #expect(try await reverse(world, dryRun: true) == .done(plan))
    #expect(try await world.facts("a")?.balanceMinor == 0)
    #expect(try await reverse(world) == .done(plan))
    #expect(
      try await reverse(world) == .repeated("payment bank-1 has already been reversed"))
    try await world.run()

    let facts = try #require(try await world.facts("a"))
    #expect((facts.balanceMinor, facts.invoice?.openMinor) == (1_081, 1_081))
    #expect(facts.invoice?.status == .open)
    #expect(try await world.ends() == [.awaitingPayment: 1])
    #expect(try await world.store.problems() == [])
    #expect(try await world.store.memberTally(World.period).contradicted.total == 0)
    let authors = try await world.store.authorship()
    #expect(AuditCheck.authority(authors).violations.total == 0)
    let story = try #require(try await world.store.story(of: "a", period: World.period))
    #expect(
      story.steps.last?.decision.explanation
        == "10.81 CHF by bank-1 reversed: returned by the bank; owed again: 10.81 CHF of "
        + "2026-11/a")

    world.advance(days: 15)
    try await world.run()
    #expect(try await world.facts("a")?.heldForInvoice == "2026-11/a")
    #expect(try await world.ends() == [.held: 1])
    #expect(world.gateway.calls == 0)
  }

  @Test func `A reference that was taken back is not recorded again`() async throws {
    let world = try await closed(.test("a", card: nil))
    try await pay(world, 500)
    _ = try await reverse(world)
    let again = try await world.operations.recordPayment(
      account: "a", amount: Money(500, .chf), reference: "bank-1")
    #expect(again == .refused("reference bank-1 was recorded before and reversed"))
  }

  @Test func `A reference of another account is refused`() async throws {
    let world = try await closed(.test("a", card: nil), .test("b", card: nil))
    try await pay(world, 500)
    let other = try await world.operations.recordPayment(
      account: "b", amount: Money(500, .chf), reference: "bank-1")
    #expect(other == .refused("reference bank-1 was recorded before, for account a"))
  }

  /// Overpaid, and the rest used on nothing yet.
  @Test func `Credit it left is taken back first`() async throws {
    let world = try await closed(.test("a", card: nil))
    try await pay(world, 2_000)
    #expect(try await world.facts("a")?.creditMinor == 919)
    _ = try await reverse(world)
    let facts = try #require(try await world.facts("a"))
    #expect((facts.balanceMinor, facts.creditMinor) == (1_081, 0))
    #expect(try await world.store.problems() == [])
  }

  /// Paid before the close: all of it became credit, and the invoice used some.
  @Test func `Credit that was used is owed again`() async throws {
    let world = try await World(accounts: [.test("a", card: nil)])
    try await pay(world, 2_000)
    try await world.trigger()
    try await world.run()
    #expect(try await world.ends() == [.paid: 1])
    #expect(
      try await reverse(world)
        == .done(
          ReversalPlan(
            account: "a", amount: Money(2_000, .chf), reopened: ["2026-11/a": 1_081])))
    let facts = try #require(try await world.facts("a"))
    #expect((facts.balanceMinor, facts.creditMinor) == (1_081, 0))
    #expect(facts.invoice?.openMinor == 1_081)
    #expect(try await world.ends() == [.awaitingPayment: 1])
    #expect(try await world.store.problems() == [])
    let totals = try await world.store.totals(World.period)
    let sums = try await world.store.entrySums(
      World.period, upTo: try await world.store.position())
    #expect(AuditCheck.report(totals, sums).violations.total == 0)
  }

  @Test func `A credit is taken back under its own reference`() async throws {
    let world = try await closed(.test("a", card: nil))
    _ = try await world.operations.grantCredit(
      account: "a", amount: Money(100, .chf), reference: "outage")
    let order = ReversalOrder(kind: .creditGrant, reference: "outage", reason: "wrong account")
    guard case .done = try await world.operations.reverse(order) else {
      Issue.record("not reversed")
      return
    }
    #expect(try await world.facts("a")?.balanceMinor == 1_081)
    #expect(try await world.store.problems() == [])
  }

  @Test(arguments: [
    ("bank-2", "a reason", "there is no payment with reference bank-2"),
    ("bank-1", "  ", "a reason is needed"),
  ])
  func `What cannot be taken back is refused`(reference: String, reason: String, why: String)
    async throws
  {
    let world = try await closed(.test("a", card: nil))
    try await pay(world, 500)
    let order = ReversalOrder(kind: .payment, reference: reference, reason: reason)
    #expect(try await world.operations.reverse(order) == .refused(why))
  }

  @Test(arguments: [
    (Int64.max, "the amount is above the limit of 9999999999999.99 CHF"),
    (Money.largestMinor + 1, "the amount is above the limit of 9999999999999.99 CHF"),
  ])
  func `An amount above the limit is refused`(amount: Int64, why: String) async throws {
    let world = try await World(accounts: [.test("a", card: nil)])
    let outcome = try await world.operations.recordPayment(
      account: "a", amount: Money(amount, .chf), reference: "bank-1")
    #expect(outcome == .refused(why))
  }
}
