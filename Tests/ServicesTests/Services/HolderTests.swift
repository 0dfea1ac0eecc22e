import Billing
import Ledger
import Testing

@testable import Operations
@testable import Services

/// Grace, hold, lift.
@Suite struct HolderTests {
  private func owing(graceDays: Int = 10) async throws -> World {
    let world = try await World(accounts: [.test("a", card: nil, graceDays: graceDays)])
    try await world.trigger()
    try await world.run()
    return world
  }

  private func held() async throws -> World {
    let world = try await owing()
    world.advance(days: 10)
    try await world.run()
    return world
  }

  private func pay(
    _ world: World, _ amountMinor: Int64, _ reference: String, for invoices: [String] = []
  ) async throws {
    let order = PostingOrder(
      .payment, account: "a", amount: Money(amountMinor, .chf), reference: reference,
      invoices: invoices)
    guard case .done = try await world.operations.post(order) else {
      Issue.record("\(reference) was not recorded")
      return
    }
    try await world.run()
  }

  @Test func `Within its grace period a debt is looked at again at the end of it`() async throws {
    let world = try await owing()
    let facts = try #require(try await world.facts("a"))
    #expect(facts.heldForInvoice == nil)
    #expect(try await world.rules("a", .holder) == ["hold.in-grace"])
    let due = try await world.store.story(of: "a", period: nil)?.due ?? []
    #expect(
      due.filter { $0.kind == .dueGrace }.map(\.dueAt)
        == [facts.invoice?.issuedAt.adding(days: 10)])
    #expect(try await world.ends() == [.awaitingPayment: 1])
  }

  @Test func `Past its grace period a debt places a hold, and the customer is told`() async throws {
    let world = try await held()
    #expect(try await world.facts("a")?.heldForInvoice == "2026-11/a")
    #expect(try await world.rules("a", .holder).last == "hold.place")
    #expect(try await world.ends() == [.held: 1])
    #expect(world.mails(to: "a").contains { $0.subject.contains("on hold") })
  }

  @Test func `A debt that was paid within its grace period places none`() async throws {
    let world = try await owing()
    try await pay(world, 1_081, "bank-1")
    #expect(try await world.rules("a", .holder).last == "lift.not-held")
    world.advance(days: 11)
    try await world.run()
    #expect(try await world.facts("a")?.heldForInvoice == nil)
    #expect(try await world.ends() == [.paid: 1])
  }

  @Test func `A payment of the whole debt lifts the hold, and one of a part does not`()
    async throws
  {
    let world = try await held()
    try await pay(world, 500, "bank-1")
    #expect(try await world.facts("a")?.heldForInvoice == "2026-11/a")
    #expect(try await world.rules("a", .holder).last == "lift.still-overdue")
    try await pay(world, 581, "bank-2")
    #expect(try await world.facts("a")?.heldForInvoice == nil)
    #expect(try await world.rules("a", .holder).last == "lift.paid")
    #expect(world.mails(to: "a").last?.subject.contains("active again") == true)
  }

  /// The message is about the December invoice; what matters is the one the account is held for.
  @Test func `A payment of another invoice leaves the hold for the older one`() async throws {
    let world = try await held()
    world.advance(days: 21)
    try await world.trigger(World.period.next)
    try await world.run()
    try await pay(world, 1_081, "bank-1", for: ["2026-12/a"])
    #expect(try await world.facts("a")?.heldForInvoice == "2026-11/a")
    #expect(try await world.rules("a", .holder).last == "lift.still-overdue")
    try await pay(world, 1_081, "bank-2", for: ["2026-11/a"])
    #expect(try await world.facts("a")?.heldForInvoice == nil)
    #expect(try await world.rules("a", .holder).last == "lift.paid")
  }

  @Test func `Payments of one batch lift a hold once`() async throws {
    let world = try await held()
    for (reference, amount) in [("bank-1", 1_000), ("bank-2", 81), ("bank-3", 7)] {
      let order = PostingOrder(
        .payment, account: "a", amount: Money(Int64(amount), .chf), reference: reference)
      _ = try await world.operations.post(order)
    }
    try await world.run()
    let lifts = try await world.rules("a", .holder).filter { $0.hasPrefix("lift.") }
    #expect(lifts.filter { $0 == "lift.paid" }.count == 1)
    #expect(try await world.facts("a")?.heldForInvoice == nil)
    #expect(world.mails(to: "a").filter { $0.subject.contains("active again") }.count == 1)
  }

  @Test func `Only accounts on hold are read again, with the invoice they are held for`()
    async throws
  {
    let world = try await held()
    let holder = Holder(
      session: LedgerSession(service: .holder, store: world.store, clock: world.clock))
    var payment = try EventSamples.event(.paymentRecorded)
    payment.data.snapshot?.account = "a"
    let job = Job.test(payment)
    let facts = try await world.store.facts(for: [FactKey(account: "a", invoice: nil)])
    let holds = try await holder.holds(of: [job], facts)
    #expect(holds["a"]?.facts.invoice?.id == "2026-11/a" && holds["a"]?.overdue == 1)
    #expect(try await holder.holds(of: [job], [nil]).isEmpty)
    let debt = Job.test(try EventSamples.event(.chargeDeclined))
    #expect(try await holder.holds(of: [debt], facts).isEmpty, "a debt is no payment")
  }

  @Test func `A message that is neither about a debt nor a payment is a dead letter`() async throws
  {
    let world = try await World(accounts: [.test("a")])
    let holder = Holder(
      session: LedgerSession(service: .holder, store: world.store, clock: world.clock))
    let outcomes = try await holder.work([.test(try EventSamples.event(.invoiceIssued))])
    guard case .dead(let fault) = try #require(outcomes.first) else {
      Issue.record("\(outcomes)")
      return
    }
    #expect(fault.reason == .unexpectedType)
  }
}
