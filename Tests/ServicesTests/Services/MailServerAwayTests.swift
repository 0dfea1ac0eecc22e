import Billing
import Broker
import Ledger
import Logging
import Synchronization
import Testing

@testable import Mail
@testable import Operations
@testable import Services

/// A mail server that refuses mails, everybody's or one recipient's.
@Suite struct MailServerAwayTests {
  private static let invoice = "invoice.issued:2026-11/a"

  private func pass(_ world: World, seconds: Int64, times: Int) async throws {
    for _ in 1...times {
      world.advance(seconds: seconds)
      try await world.run()
    }
  }

  /// 554 to RCPT, 550 with a quota to DATA, no server at all: for longer than a message is tried.
  @Test(arguments: [
    MailAnswer.denied("554 5.7.1 to RCPT"), .denied("550 5.4.5 to DATA"), .away("refused"),
  ])
  func `Mails wait while the server refuses all, and are sent once afterwards`(
    _ refusal: MailAnswer
  ) async throws {
    let world = try await World(accounts: [.test("a"), .test("b", card: nil)])
    world.post.says { _ in refusal }
    try await world.trigger()
    try await world.run()
    let begun = world.post.box.withLock(\.calls)
    #expect(begun <= 2, "it is left alone after its first words")
    try await pass(world, seconds: 30, times: 240)
    #expect(try await world.store.run(World.period)?.state == .running)
    #expect(world.dead(.mailer).isEmpty)
    #expect(world.post.box.withLock(\.calls) < 300, "one probe a pause")
    world.post.says { _ in .accepted }
    try await pass(world, seconds: 5, times: 30)
    #expect(try await world.store.run(World.period)?.state == .closed)
    #expect(world.mails(to: "a").count == 2 && world.mails(to: "b").count == 1)
    #expect(Set(world.post.sent.map(\.messageID)).count == 3)
    #expect(try await world.store.mailsResent(World.period) == 0)
  }

  @Test func `One full mailbox is given up after its tries and the close ends`() async throws {
    let world = try await World(accounts: [.test("a"), .test("b")])
    world.post.says { $0.to.hasPrefix("a@") ? .later("452 4.2.2 to RCPT") : .accepted }
    try await world.trigger()
    try await pass(world, seconds: 12, times: 6)
    #expect(try await world.store.run(World.period)?.state == .closed)
    #expect(world.dead(.mailer).isEmpty)
    let given = try await world.store.mailList(
      MailQuestion(period: World.period, state: .refused))
    #expect(given.map(\.account) == ["a", "a"])
    #expect(given.first?.reason == "given up after 3 tries: 452 4.2.2 to RCPT")
    #expect(world.mails(to: "b").count == 2)
  }

  @Test func `A policy against one recipient holds nobody else up`() async throws {
    let accounts = (1...9).map { Account.test("c-\($0)") } + [.test("a")]
    let world = try await World(accounts: accounts)
    world.post.says { $0.to.hasPrefix("a@") ? .denied("550 5.7.1 to RCPT") : .accepted }
    try await world.trigger()
    try await pass(world, seconds: 12, times: 12)
    #expect(try await world.store.run(World.period)?.state == .closed)
    #expect(world.post.sent.count == 18)
  }

  /// The pause is over between the last mail's turn and its record: a mail that was held back, or
  /// found nobody there, has failed no more than the others that waited.
  @Test func `A pause that ends before its mails are recorded uses up no retry`() async throws {
    let accounts = (1...20).map { Account.test("c-\($0)", card: nil) }
    let world = try await World(accounts: accounts)
    world.post.says { _ in .away("connection refused") }
    try await world.trigger()
    try await world.run(without: [.mailer])
    let door = Mutex<PartnerDoor?>(nil)
    let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let session = LedgerSession(service: .mailer, store: world.store, clock: world.clock)
    let mailer = try Mailer(
      session: session, server: world.post.server, from: "billing@month-close.example",
      retryDelays: World.retryDelays, logger: quiet, health: ServiceHealth(),
      pause: { _ in
        guard let door = door.withLock({ $0 }) else { return false }
        world.advance(seconds: 2)
        if door.admits("probe") { door.heard(.word, about: "probe") }
        return false
      })
    door.withLock { $0 = mailer.watch.door }
    let outcomes = try await mailer.work(try await jobs(world, .mailer))
    #expect(outcomes.count == 20)
    #expect(!mailer.watch.door.isPaused)
    let failed = outcomes.filter { !$0.isPutOff }
    #expect(failed.isEmpty)
  }

  private func jobs(_ world: World, _ service: ServiceName) async throws -> [Job] {
    let consumer = try await world.broker.consume(service.rawValue, prefetch: 64)
    let batch = await consumer.next(limit: 64, linger: .zero) ?? []
    let admission = Admission(service: service, user: world.broker.user)
    return batch.compactMap {
      if case .admitted(let job) = admission.job(from: $0) { job } else { nil }
    }
  }

  /// What is said of the server while it refuses is not said of the mail for ever.
  @Test func `What the server said last is kept while a mail waits`() async throws {
    let world = try await World(accounts: [.test("a", card: nil)])
    world.post.box.withLock { $0.next = [.later("451 4.7.1 to RCPT")] }
    try await world.trigger()
    try await world.run()
    let counts = try await world.store.mailCounts(World.period)
    #expect(counts.map(\.reason) == ["451 4.7.1 to RCPT"])
    try await pass(world, seconds: 2, times: 1)
    #expect(try await world.store.mailList(MailQuestion(state: .sent)).first?.reason == nil)
  }

  // MARK: Sent again by an operator

  private func refused() async throws -> World {
    let world = try await World(accounts: [.test("a", card: nil)])
    world.post.box.withLock { $0.next = [.refused("550 5.1.1 to RCPT")] }
    try await world.trigger()
    try await world.run()
    #expect(try await world.store.run(World.period)?.state == .closed)
    return world
  }

  private func resend(_ world: World, alsoDelivered: Bool = false) async throws -> String? {
    let resend = MailResend(
      store: world.store, broker: world.broker, clock: world.clock, logger: .init(label: "test"))
    let mail = try #require(
      try await world.store.mailList(MailQuestion(abouts: [Self.invoice])).first)
    return try await resend.resend(
      mail, .init(operatorName: "e", reason: "put right", alsoDelivered: alsoDelivered))
  }

  @Test func `A refused mail is sent once more under its message id`() async throws {
    let world = try await refused()
    #expect(try await resend(world) == nil)
    #expect(try await resend(world) == "it is still being retried", "asked for twice")
    try await world.run()
    #expect(world.post.sent.count == 1)
    let mail = try #require(try await world.store.auditedMails(World.period).first)
    #expect(mail.state == .sent && !mail.isResent)
    #expect(world.post.sent.first?.messageID.hasPrefix("\(mail.messageID)@") == true)
    #expect(try await world.store.unfoundedMails(World.period).ids.isEmpty)
    let why = "it was delivered (--also-delivered sends it anyway)"
    #expect(try await resend(world) == why)
    let story = try #require(try await world.store.story(of: "a", period: nil))
    let order = story.steps.first { $0.decision.rule == "operator.mail-resend" }
    #expect(order?.decision.explanation.hasSuffix("; e asked to send it again: put right") == true)
  }

  @Test func `A delivered mail is sent again only where it is said and is counted`() async throws {
    let world = try await refused()
    _ = try await resend(world)
    try await world.run()
    #expect(try await resend(world, alsoDelivered: true) == nil)
    try await world.run()
    #expect(world.post.sent.count == 2)
    #expect(try await world.store.mailsResent(World.period) == 1)
  }

  @Test func `A mail that is not true any more is not sent again`() async throws {
    let world = try await World(accounts: [.test("a", card: Account.hard)])
    world.post.says { $0.subject.contains("declined") ? .refused("550 5.1.1") : .accepted }
    try await world.trigger()
    try await world.run()
    let mail = try #require(
      try await world.store.mailList(MailQuestion(state: .refused)).first)
    _ = try await world.operations.recordPayment(
      account: "a", amount: Money(1_081, .chf), reference: "bank")
    world.post.says { _ in .accepted }
    let before = world.post.sent.count
    let resend = MailResend(
      store: world.store, broker: world.broker, clock: world.clock, logger: .init(label: "test"))
    #expect(try await resend.resend(mail, .init(operatorName: "e", reason: "r")) == nil)
    try await world.run()
    #expect(world.post.sent.count == before)
    let after = try await world.store.mailList(MailQuestion(abouts: [mail.about]))
    #expect(after.map(\.state) == [.suppressed])
  }

  /// Killed between the server's word and its record.
  @Test func `A mail sent again whose end is not recorded is counted`() async throws {
    let world = try await refused()
    world.post.box.withLock { $0.next = [.uncertain("cut")] }
    _ = try await resend(world)
    try await world.run()
    try await pass(world, seconds: 2, times: 2)
    #expect(try await world.store.mailsResent(World.period) == 1)
  }
}
