import Billing
import Ledger
import Testing

@testable import Operations

/// What a payment says that it did: an account with two open invoices of 10.81 CHF each.
@Suite struct PostingPlanTests {
  private let older = "2026-11/a"
  private let newer = "2026-12/a"

  private func world() async throws -> World {
    let world = try await World(accounts: [.test("a", card: nil), .test("b", card: nil)])
    try await world.trigger()
    try await world.run()
    world.advance(days: 32)
    try await world.trigger(try Period("2026-12"))
    try await world.run()
    return world
  }

  private func order(
    _ amountMinor: Int64, for invoices: [String] = [], reference: String = "bank-1"
  ) -> PostingOrder {
    PostingOrder(
      .payment, account: "a", amount: Money(amountMinor, .chf), reference: reference,
      invoices: invoices)
  }

  private func plan(
    _ amountMinor: Int64, paid: [PostingPlan.Part], credit: Int64 = 0,
    stillOpen: [PostingPlan.Part]
  ) -> PostingPlan {
    PostingPlan(
      account: "a", amount: Money(amountMinor, .chf), paid: paid, becameCreditMinor: credit,
      creditMinor: credit, stillOpen: stillOpen)
  }

  private func part(_ invoice: String, paid: Int64 = 0, open: Int64 = 0) -> PostingPlan.Part {
    PostingPlan.Part(invoice: invoice, paidMinor: paid, openMinor: open)
  }

  @Test func `The oldest invoice is paid first`() async throws {
    let world = try await world()
    let expected = plan(
      1_181, paid: [part(older, paid: 1_081), part(newer, paid: 100, open: 981)],
      stillOpen: [part(newer, open: 981)])
    #expect(try await world.operations.post(order(1_181), isDryRun: true) == .done(expected))
    #expect(try await world.facts("a")?.balanceMinor == 2_162)
    #expect(try await world.operations.post(order(1_181)) == .done(expected))
    #expect(try await world.facts("a")?.balanceMinor == 981)
  }

  @Test func `The invoice it is for is paid before the others`() async throws {
    let world = try await world()
    let expected = plan(
      1_181, paid: [part(newer, paid: 1_081), part(older, paid: 100, open: 981)],
      stillOpen: [part(older, open: 981)])
    #expect(try await world.operations.post(order(1_181, for: [newer])) == .done(expected))
    try await world.run()
    #expect(try await world.store.problems() == [])
    let paid = try await world.store.openInvoices(of: "a").map(\.id)
    #expect(paid == [older])
  }

  @Test func `What no invoice takes becomes credit`() async throws {
    let world = try await world()
    let outcome = try await world.operations.post(order(2_500))
    #expect(
      outcome
        == .done(
          plan(
            2_500, paid: [part(older, paid: 1_081), part(newer, paid: 1_081)], credit: 338,
            stillOpen: [])))
    let story = try #require(try await world.store.story(of: "a", period: nil))
    #expect(
      story.steps.last?.decision.explanation
        == "25.00 CHF by bank-1: 10.81 CHF of 2026-11/a, paid in full; "
        + "10.81 CHF of 2026-12/a, paid in full; 3.38 CHF became credit")
  }

  @Test func `The same reference again says what it did and what is open now`() async throws {
    let world = try await world()
    _ = try await world.operations.post(order(1_081, for: [newer]))
    _ = try await world.operations.post(order(81, reference: "bank-2"))
    let again = plan(
      1_081, paid: [part(newer, paid: 1_081)], stillOpen: [part(older, open: 1_000)])
    #expect(try await world.operations.post(order(1_081)) == .repeated(again))
    #expect(try await world.operations.post(order(1_081), isDryRun: true) == .repeated(again))
    #expect(
      try await world.operations.post(order(1_082))
        == .refused("reference bank-1 was recorded before, for 10.81 CHF"))
  }

  @Test(arguments: [
    ("2026-11/b", "account a has no invoice 2026-11/b"),
    ("2026-10/a", "account a has no invoice 2026-10/a"),
    ("2026-11/a", "invoice 2026-11/a has nothing open; it is paid"),
  ])
  func `An invoice that cannot be paid is refused`(invoice: String, why: String) async throws {
    let world = try await world()
    _ = try await world.operations.post(order(1_081, reference: "bank-0"))
    #expect(try await world.operations.post(order(500, for: [invoice])) == .refused(why))
    #expect(try await world.facts("a")?.balanceMinor == 1_081)
  }
}
