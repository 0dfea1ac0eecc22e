import Billing
import Broker
import Ledger
import Testing

@testable import Services

/// A mail prints what the ledger has, and nothing that only its message says: here even committed
/// messages say something else.
@Suite struct LedgerFiguresTests {
  /// What the mailer gets in place of the one event of that type.
  private func deliver(
    _ type: EventType, _ world: World, change: @escaping @Sendable (inout Event) -> Void
  ) {
    world.delivered.withLock {
      $0 = { delivery in
        guard delivery.queue == "mailer", delivery.type == type.rawValue else { return delivery }
        var delivery = delivery
        do {
          var event = try MessageGate.decode(delivery.body, contentType: nil)
          change(&event)
          delivery.body = try encode(event)
        } catch {
          Issue.record(error)
        }
        return delivery
      }
    }
  }

  @Test func `A receipt states what the attempt took`() async throws {
    let world = try await World(accounts: [.test("a")])
    deliver(.chargeSucceeded, world) { $0.data.charge?.amount = 3 }
    try await world.trigger()
    try await world.run()
    let mail = try #require(
      world.mails(to: "a").first { $0.subject.hasPrefix("Payment received") })
    #expect(mail.subject == "Payment received: 10.81 CHF for November 2026")
    #expect(!mail.text.contains("0.03") && !mail.html.contains("0.03"))
  }

  @Test func `A decline states the attempt's code amount and next try`() async throws {
    let world = try await World(accounts: [.test("a", card: Account.soft)])
    deliver(.chargeDeclined, world) {
      $0.data.charge?.amount = 3
      $0.data.charge?.declineCode = "stolen_card"
      $0.data.charge?.nextAttemptAt = Instant(milliseconds: 4_000_000_000_000)
    }
    try await world.trigger()
    try await world.run()
    let mail = try #require(
      world.mails(to: "a").first { $0.subject.hasPrefix("Your card was declined") })
    #expect(mail.text.contains("We tried to charge 10.81 CHF"))
    #expect(mail.text.contains("(insufficient funds)"))
    #expect(mail.text.contains("try again on 4 December 2026"))
    #expect(!mail.text.contains("stolen") && !mail.text.contains("2096"))
  }

  /// Its day has come while mailing stood still: nobody is asked to pay what will be charged.
  @Test func `A try that is due and not made yet is announced`() async throws {
    let world = try await World(accounts: [.test("a", card: Account.soft)])
    try await world.trigger()
    try await world.run(without: [.mailer])
    world.advance(days: 3)
    for service in [ServiceName.charger, .mailer] {
      try await world.announceDue(service)
    }
    try await world.run(without: [.charger])
    let mail = try #require(
      world.mails(to: "a").first { $0.subject.hasPrefix("Your card was declined") })
    #expect(mail.text.contains("We will try again.") && !mail.text.contains("another way"))
    let invoice = try #require(world.mails(to: "a").first { $0.subject.contains("invoice") })
    #expect(invoice.text.contains("We will try to charge 10.81 CHF again."))
  }

  /// The last try is on the seventh day: the term of two days ended before.
  @Test func `Nobody is asked to pay by a date that is over`() async throws {
    let world = try await World(accounts: [.test("a", card: Account.soft, graceDays: 2)])
    try await world.trigger()
    try await world.run()
    for _ in 0..<7 {
      world.advance(days: 1)
      try await world.run()
    }
    let declines = world.mails(to: "a").filter { $0.subject.hasPrefix("Your card was declined") }
    let last = try #require(declines.last)
    #expect(declines.count == 4)
    #expect(last.text.contains("We will not try this card again. Please pay another way.\n"))
    #expect(last.html.contains("Please pay another way.<"))
    let held = try #require(world.mails(to: "a").first { $0.subject.contains("on hold") })
    let words = held.text.split { $0.isWhitespace }.joined(separator: " ")
    #expect(words.contains("it was due on 3 December 2026."))
  }

  @Test func `An invoice's mail states the credit that was posted`() async throws {
    let world = try await World(accounts: [.test("a", card: nil)])
    _ = try await world.operations.grantCredit(
      account: "a", amount: Money(100, .chf), reference: "welcome")
    deliver(.invoiceIssued, world) { $0.data.snapshot?.invoice?.open = 1 }
    try await world.trigger()
    try await world.run()
    let mail = try #require(world.mails(to: "a").first)
    #expect(mail.text.contains("1.00 CHF"))
    #expect(mail.text.contains("9.81 CHF"))
    #expect(!mail.text.contains("10.80"))
  }

  @Test func `No mail tells of a decline or a release that never was`() async throws {
    let world = try await World(accounts: [.test("a", card: nil)])
    try await world.trigger()
    try await world.run()
    let facts = try #require(try await world.facts("a"))
    let sent = world.post.sent.count
    for type in [EventType.chargeDeclined, .holdLifted, .chargeSucceeded] {
      var data = EventData(snapshot: facts.snapshot(at: world.clock.now()))
      data.charge = .init(attempt: 1, amount: 1_081, declineCode: "lost_card")
      let event = Event(
        id: Event.id(type, "2026-11/a:1"), type: type, source: "/test", time: world.clock.now(),
        subject: "a", period: World.period, data: data)
      try await world.issue(try event.outgoing())
    }
    try await world.run()
    #expect(world.post.sent.count == sent)
    #expect(world.reasons(.mailer) == ["contradiction", "contradiction", "contradiction"])
    let rules = world.dead(.mailer).map { "\($0.headers[Header.error] ?? .boolean(false))" }
    for rule in ["mail.no-such-decline", "mail.no-such-release", "mail.no-such-charge"] {
      #expect(rules.contains { $0.contains(rule) }, "\(rule)")
    }
  }
}
