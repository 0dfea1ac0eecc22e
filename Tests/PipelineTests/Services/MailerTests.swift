import Billing
import Ledger
import Testing

@testable import Pipeline

@Suite struct MailerTests {
  @Test func aMailThatTheServerDidNotTakeIsSentLaterAndNotCounted() async throws {
    let world = try await World(accounts: [.test("a", card: nil)])
    world.post.box.withLock { $0.next = [.later("451")] }
    try await world.trigger()
    try await world.run()
    #expect(world.post.sent.isEmpty)
    world.advance(seconds: 2)
    try await world.run()
    #expect(world.post.sent.count == 1)
    #expect(try await world.store.mailsResent(World.period) == 0)
  }

  @Test func aMailOfWhichNobodyKnowsIsSentAgainUnderItsMessageIDAndCounted() async throws {
    let world = try await World(accounts: [.test("a", card: nil)])
    world.post.box.withLock { $0.next = [.uncertain("cut")] }
    try await world.trigger()
    try await world.run()
    world.advance(seconds: 2)
    try await world.run()
    #expect(world.post.sent.count == 2)
    #expect(Set(world.post.sent.map(\.messageID)).count == 1)
    #expect(try await world.store.mailsResent(World.period) == 1)
  }

  /// Whatever is said of a later sending: of the first one nobody knows.
  @Test(arguments: [MailAnswer.later("451"), .accepted])
  func aFirstSendingWithoutAnEndIsNotForgottenForTheSecond(_ second: MailAnswer) async throws {
    let world = try await World(accounts: [.test("a", card: nil)])
    world.post.box.withLock { $0.next = [.uncertain("cut"), second] }
    try await world.trigger()
    for _ in 1...3 {
      try await world.run()
      world.advance(seconds: 11)
    }
    #expect(world.post.sent.count == 2)
    #expect(try await world.store.mailsResent(World.period) == 1)
  }

  @Test func aMailRefusedAfterASendingWithoutAnEndIsSaidToBePerhapsThere() async throws {
    let world = try await World(accounts: [.test("a", card: nil)])
    world.post.box.withLock { $0.next = [.uncertain("cut"), .refused("550")] }
    try await world.trigger()
    try await world.run()
    world.advance(seconds: 2)
    try await world.run()
    let mail = try #require(try await world.store.auditedMails(World.period).first)
    #expect(mail.state == .refused && mail.isPerhapsSent)
    let evidence = MailEvidence(recorded: [mail], delivered: [mail.messageID])
    #expect(AuditCheck.mail(evidence).verdict == .holds)
  }

  /// As where the confirm of a message that was put off is lost and it is put off twice.
  @Test func twoCopiesOfAMessageInOneBatchSendOneMail() async throws {
    let world = try await World(accounts: [.test("a", card: nil)])
    world.post.box.withLock { $0.next = [.later("451")] }
    try await world.trigger()
    try await world.run()
    let waiting = world.broker.messages(in: "mailer.retry.1s")
    let copies = waiting.map { message in
      var copy = message
      (copy.exchange, copy.routingKey) = ("", "mailer.retry.1s")
      return copy
    }
    #expect(await world.broker.publish(copies) == [.confirmed])
    for _ in 1...3 {
      world.advance(seconds: 11)
      try await world.run()
    }
    #expect(world.post.sent.count == 1)
    #expect(try await world.store.mailsResent(World.period) == 0)
  }

  /// As after a kill of the mailer between the server's word and its record.
  @Test func aMailBegunElsewhereIsLeftAloneForAWhile() async throws {
    let world = try await World(accounts: [.test("a", card: nil)])
    try await world.trigger()
    try await world.run(without: [.mailer])
    let begun = MailRecord(
      about: "invoice.issued:2026-11/a", account: "a", kind: .invoice, period: World.period,
      messageID: "m", state: .intended)
    let intent = Change(
      service: .mailer, messageID: begun.about, account: "a", writes: [.mail(begun)],
      at: world.clock.now())
    _ = try await world.store.commit([intent], published: [])
    try await world.run()
    world.advance(seconds: 2)
    try await world.run()
    #expect(world.post.sent.isEmpty)
    world.advance(seconds: 11)
    try await world.run()
    #expect(world.post.sent.count == 1)
    #expect(try await world.store.mailsResent(World.period) == 1)
  }

  @Test func aDeclinedMailThatWasNotTakenIsSuppressedOnceTheDebtIsPaid() async throws {
    let world = try await World(accounts: [.test("a", card: Account.hard)])
    world.post.box.withLock { $0.next = [.accepted, .later("451")] }
    try await world.trigger()
    try await world.run()
    _ = try await world.operations.recordPayment(
      account: "a", amount: Money(1_081, .chf), reference: "bank")
    world.advance(seconds: 2)
    try await world.run()
    #expect(world.mails(to: "a").count == 1)
    #expect(try await world.store.run(World.period)?.state == .closed)
    #expect(try await world.ends() == [.paid: 1])
  }

  @Test func aMailNeverPromisesAChargeThatWillNotCome() async throws {
    let world = try await World(accounts: [.test("a", card: Account.hard)])
    try await world.trigger()
    try await world.run(without: [.mailer])
    try await world.run()
    let invoice = try #require(world.mails(to: "a").first { $0.subject.contains("invoice") })
    #expect(!invoice.text.contains("We will charge"))
  }
}
