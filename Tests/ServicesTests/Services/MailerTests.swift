import Billing
import Foundation
import Ledger
import Testing

@testable import Mail
@testable import Operations

@Suite struct MailerTests {
  @Test func `A mail that the server did not take is sent later and not counted`() async throws {
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

  @Test func `A mail without a known outcome is sent again, same id, and counted`()
    async throws
  {
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
  func `A first sending without an end is not forgotten for the second`(_ second: MailAnswer)
    async throws
  {
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

  @Test func `A mail refused after an unfinished sending is called perhaps delivered`()
    async throws
  {
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
  @Test func `Two copies of a message in one batch send one mail`() async throws {
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
  @Test func `A mail begun elsewhere is left alone for a while`() async throws {
    let world = try await World(accounts: [.test("a", card: nil)])
    try await world.trigger()
    try await world.run(without: [.mailer])
    _ = try await world.beginElsewhere()
    try await world.run()
    world.advance(seconds: 2)
    try await world.run()
    #expect(world.post.sent.isEmpty)
    world.advance(seconds: 11)
    try await world.run()
    #expect(world.post.sent.count == 1)
    #expect(try await world.store.mailsResent(World.period) == 1)
  }

  /// Two copies of a message go to two processes: what this one knows of the mail is not all.
  @Test func `A sending by another process in between is counted`() async throws {
    let world = try await World(accounts: [.test("a", card: nil)])
    world.post.box.withLock { $0.next = [.later("451")] }
    try await world.trigger()
    try await world.run()
    let key = MailKey(about: "invoice.issued:2026-11/a", account: "a", kind: .invoice)
    #expect(try await world.store.mails([key])[key]?.reason == "451")
    try await world.note(key, MailRecord.perhapsSent + "the connection broke")
    world.advance(seconds: 2)
    try await world.run()
    #expect(world.post.sent.count == 1)
    #expect(try await world.store.mailsResent(World.period) == 1)
  }

  /// Each process that sends it, and every later one, finds in the ledger that it may be there.
  @Test func `The ledger says that a mail may be there before it is sent once more`() async throws {
    let world = try await World(accounts: [.test("a", card: nil)])
    world.post.box.withLock { $0.next = [.uncertain("cut"), .later("451")] }
    try await world.trigger()
    let key = MailKey(about: "invoice.issued:2026-11/a", account: "a", kind: .invoice)
    for reply in ["cut", "451"] {
      try await world.run()
      let mail = try #require(try await world.store.mails([key])[key])
      #expect(mail.reason == MailRecord.perhapsSent + reply)
      world.advance(seconds: 11)
    }
  }

  /// Before it is sent: this process may be killed as well.
  @Test func `A mail taken up from another process is said to be perhaps there first`() async throws
  {
    let world = try await World(accounts: [.test("a", card: nil)])
    world.post.box.withLock { $0.next = [.notSent("this process ends")] }
    try await world.trigger()
    try await world.run(without: [.mailer])
    let key = try await world.beginElsewhere()
    for _ in 1...3 {
      try await world.run()
      world.advance(seconds: 11)
    }
    let mail = try #require(try await world.store.mails([key])[key])
    #expect(mail.isPerhapsSent && mail.state == .intended)
  }

  @Test func `A declined mail that was not taken is suppressed once the debt is paid`() async throws
  {
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

  @Test func `A mail never promises a charge that will not come`() async throws {
    let world = try await World(accounts: [.test("a", card: Account.hard)])
    try await world.trigger()
    try await world.run(without: [.mailer])
    try await world.run()
    let invoice = try #require(world.mails(to: "a").first { $0.subject.contains("invoice") })
    #expect(!invoice.text.contains("We will charge"))
  }

  @Test func `An invoice's mail is true whether it comes before the charge or after`()
    async throws
  {
    for isChargedFirst in [true, false] {
      let world = try await World(accounts: [.test("a")])
      try await world.trigger()
      try await world.run(without: isChargedFirst ? [.mailer] : [.charger])
      try await world.run()
      let invoice = try #require(world.mails(to: "a").first { $0.subject.contains("invoice") })
      let sentence = isChargedFirst ? "We have charged 10.81 CHF" : "We will charge 10.81 CHF"
      #expect(invoice.text.contains(sentence))
      #expect(invoice.text.contains("nothing left to pay") == isChargedFirst)
    }
  }

  @Test func `What is too small to charge is not announced as a charge`() async throws {
    let world = try await World(accounts: [.test("a")])
    _ = try await world.operations.grantCredit(
      account: "a", amount: Money(1_050, .chf), reference: "welcome")
    try await world.trigger()
    try await world.run()
    let invoice = try #require(world.mails(to: "a").first)
    #expect(invoice.text.contains("0.31 CHF is too small to charge to your card."))
  }

  /// One of free usage alone is no idle account's: it says what was used.
  @Test func `An account that used nothing is sent no invoice over nothing`() async throws {
    let world = try await World(accounts: [.test("idle"), .test("free")])
    let catalog = """
      {"version":2,"currency":"CHF","products":[{"id":"server","name":"Server","metric":"hours",
       "unit":"hour","price":{"model":"per_unit","unit":"0.10","free_units":"100"}}],"taxes":[]}
      """
    _ = try await world.store.importCatalog(
      try JSONDecoder().decode(Catalog.self, from: Data(catalog.utf8)), at: world.clock.now())
    try await world.add([.test("free", "8")])
    try await world.trigger()
    try await world.run()
    #expect(try await world.store.run(World.period)?.state == .closed)
    #expect(world.mails(to: "idle").isEmpty)
    #expect(world.mails(to: "free").first?.text.contains("(8 hours)") == true)
  }
}

extension World {
  /// The intent of another process, which does not come back.
  fileprivate func beginElsewhere() async throws -> MailKey {
    let begun = MailRecord(
      about: "invoice.issued:2026-11/a", account: "a", kind: .invoice, period: World.period,
      messageID: "m", state: .intended)
    try await commit(.mail(begun), about: begun.about)
    return MailKey(about: begun.about, account: begun.account, kind: begun.kind)
  }

  /// What another process was told of it.
  fileprivate func note(_ key: MailKey, _ why: String) async throws {
    try await commit(.mailWaits(key, why), about: key.about)
  }

  private func commit(_ write: Write, about: String) async throws {
    let change = Change(
      service: .mailer, messageID: about, account: "a", writes: [write], at: clock.now())
    _ = try await store.commit([change], published: [])
  }
}
