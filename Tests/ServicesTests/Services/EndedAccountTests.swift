import Billing
import Ledger
import Testing

@testable import Mail

/// Accounts that begin and end, through all services.
@Suite struct EndedAccountTests {
  private func account(
    _ id: String, end: String = "2026-11-15", card: String? = "", graceDays: Int = 14
  ) throws -> Account {
    var account = Account.test(id, card: card, graceDays: graceDays)
    let end: CivilDate = try #require(CivilDate(end))
    account.end = end
    return account
  }

  private func words(_ mail: OutgoingMail?) -> String {
    (mail?.text ?? "").split { $0.isWhitespace }.joined(separator: " ")
  }

  /// The support plan of 10.00 for 14 of 30 days is 4.67, and 0.38 of tax.
  @Test func `End in the month is the final invoice and next month is without it`() async throws {
    let world = try await World(accounts: [.test("stays"), try account("gone")])
    try await world.trigger()
    try await world.run()
    #expect(try await world.ends() == [.paid: 2])
    #expect(world.gateway.charges.map(\.amountMinor).sorted() == [505, 1081])
    let lines = try await world.store.invoices(["2026-11/gone"])["2026-11/gone"]?.draft.lines
    #expect(lines?.map(\.text) == ["Support (14 of 30 days)"])
    let mail = world.mails(to: "gone").first { $0.subject.contains("invoice") }
    let sentence =
      "The last day of your account was 14 November 2026. This is your final invoice; you will "
      + "receive another only for items we have not billed yet."
    #expect(words(mail).contains(sentence))
    #expect(mail?.html.contains("This is your final invoice") == true)
    #expect(world.mails(to: "stays").allSatisfy { !$0.text.contains("last day") })

    world.advance(days: 31)
    let december = World.period.next
    try await world.trigger(december)
    try await world.run()
    let run = try #require(try await world.store.run(december))
    #expect((run.expected, run.state) == (1, .closed))
    #expect(world.gateway.charges.count == 3)
    #expect(world.mails(to: "gone").count == 2)
    #expect(try await world.store.problems() == [])
  }

  /// 100 hours of November at 0.10, and no second support plan.
  @Test func `Late usage gives one more invoice of that usage alone`() async throws {
    let world = try await World(accounts: [.test("stays"), try account("gone")])
    try await world.trigger()
    try await world.run()
    world.advance(days: 31)
    try await world.add([.test("gone", "100")])
    let december = World.period.next
    try await world.trigger(december)
    try await world.run()
    let id = "\(december)/gone"
    let issued = try #require(try await world.store.invoices([id])[id])
    #expect(issued.draft.lines.map(\.text) == ["Server, correction for 2026-11"])
    #expect(issued.draft.totalMinor == 1081)
    #expect(issued.draft.days.isNone)
    #expect(issued.facts.status == .paid)
    let mail = world.mails(to: "gone").first { $0.subject.contains("December") }
    #expect(
      words(mail).contains(
        "The last day of your account was 14 November 2026. This invoice covers usage that was "
          + "reported later."))

    world.advance(days: 31)
    try await world.trigger(december.next)
    try await world.run()
    #expect(try await world.store.run(december.next)?.expected == 1, "it is billed")
  }

  /// A meter that goes on reporting nothing: one invoice, over nothing, and then no more.
  @Test func `Late usage that comes to nothing is asked about once`() async throws {
    let world = try await World(accounts: [.test("stays"), try account("gone", end: "2026-11-01")])
    try await world.trigger()
    try await world.run()
    #expect(try await world.store.run(World.period)?.expected == 1)
    try await world.add([.test("gone", "0")])
    var (month, expected) = (World.period, [Int]())
    for _ in 1...3 {
      world.advance(days: 31)
      month = month.next
      try await world.trigger(month)
      try await world.run()
      expected.append(try #require(try await world.store.run(month)?.expected))
    }
    #expect(expected == [2, 1, 1])
    let empty = try #require(
      try await world.store.invoices(["2026-12/gone"])["2026-12/gone"])
    #expect(empty.draft.lines.isEmpty && empty.draft.totalMinor == 0)
    #expect(try await world.store.problems() == [])
  }

  /// The end closes no debt: the card is tried again, the account held, and a payment lifts it.
  @Test func `Open invoice of an ended account is collected as ever`() async throws {
    let world = try await World(accounts: [try account("gone", card: Account.soft, graceDays: 5)])
    try await world.trigger()
    try await world.run()
    #expect(try await world.facts("gone")?.attempts.map(\.state) == [.declinedSoft])
    for _ in 0..<6 {
      world.advance(days: 1)
      try await world.run()
    }
    let facts = try #require(try await world.facts("gone"))
    #expect(facts.attempts.count >= 2)
    #expect(facts.heldForInvoice == "2026-11/gone")
    #expect(facts.invoice?.openMinor == 505)
    #expect(try await world.rules("gone", .holder).contains("hold.place"))
    // Another card, although the account has ended: its debt is charged with it.
    var card = try account("gone", graceDays: 5)
    card.paymentMethod = "pm_card_mastercard"
    for _ in 0..<30 {
      world.advance(days: 1)
      try await world.run()
    }
    try await world.load([card], [])
    try await world.run()
    let paid = try #require(try await world.facts("gone"))
    #expect(paid.invoice?.status == .paid)
    #expect(paid.heldForInvoice == nil)
    #expect(world.gateway.charges.map(\.amountMinor) == [505])
  }

  /// The month was invoiced before it had an end: no mail says what its invoice is not.
  @Test func `End that is given after the invoice claims nothing of it`() async throws {
    let world = try await World(accounts: [.test("gone", card: nil)])
    try await world.trigger()
    try await world.run(without: [.mailer])
    try await world.load([try account("gone", card: nil)], [])
    try await world.run()
    let text = words(world.mails(to: "gone").first)
    #expect(text.contains("The last day of your account was 14 November 2026."))
    #expect(!text.contains("final") && !text.contains("reported later"))
    #expect(try await world.facts("gone")?.invoice?.totalMinor == 1081, "nothing moves by itself")
  }
}
