import Billing
import Broker
import Ledger
import Testing

@testable import Operations
@testable import Services

@Suite struct ReplayTests {
  private static let accounts = ["a", "b", "c"]

  /// D01: all, twice, and after success.
  @Test func `Replaying everything any number of times charges each once`() async throws {
    let world = try await World.withDeadCharges(Self.accounts)
    let letters = world.dead(.charger)
    #expect(letters.count == 3)
    #expect(world.gateway.charges.isEmpty)
    #expect(try await world.store.run(World.period)?.state == .running)

    #expect(try await world.replay("r-1") == 3)
    #expect(world.dead(.charger).isEmpty)
    try await world.run()
    #expect(world.gateway.charges.count == 3)
    #expect(try await world.ends() == [.paid: 3])
    #expect(try await world.store.run(World.period)?.state == .closed)

    #expect(try await world.replay("r-2") == 0, "nothing is left to replay")
    for letter in letters { await world.putBack(letter, .charger) }
    let again = try await world.choose()
    #expect(again.map(\.classification.letterClass) == [.done, .done, .done])
    _ = try await world.mover().carryOut(try await world.freeze("r-3", again))
    try await world.run()
    #expect(world.gateway.charges.count == 3)
    #expect(world.post.sent.count == 6)
    #expect(world.dead(.charger).isEmpty)
    #expect(try await world.store.problems() == [])
  }

  /// D02: killed at every step, then continued.
  @Test(arguments: ReplayExecutor.Step.allCases)
  func `A replay that was killed is finished without a second effect`(_ step: ReplayExecutor.Step)
    async throws
  {
    let world = try await World.withDeadCharges(Self.accounts)
    let letters = try await world.choose()
    var manifest = try await world.freeze("r-1", letters)
    manifest.perSecond = 1  // A page is one letter: the kill is in the middle.
    await #expect(throws: Killed.self) {
      _ = try await world.mover { if $0 == step { throw Killed() } }.carryOut(manifest)
    }
    if step == .found || step == .recorded {
      #expect(world.gateway.charges.isEmpty)
      #expect(world.broker.messages(in: "charger").isEmpty, "nothing was published before")
      #expect(world.dead(.charger).count == 3)
    }
    if step == .published { #expect(world.dead(.charger).count == 3, "not off before its mark") }
    let unfinished = try #require(try await world.store.unfinishedManifest())
    let moved = try await world.mover().carryOut(unfinished)
    #expect(moved.map(\.state) == [.removed, .removed, .removed])
    #expect(try await world.store.unfinishedManifest() == nil)
    #expect(world.dead(.charger).isEmpty)
    #expect(try await world.records(letters) == [1, 1, 1])
    try await world.run()
    #expect(world.gateway.charges.count == 3)
    #expect(try await world.store.run(World.period)?.state == .closed)
  }

  @Test func `The audit is there before the message is`() async throws {
    let world = try await World.withDeadCharges(["a"])
    let letters = try await world.choose()
    let manifest = try await world.freeze("r-1", letters)
    await #expect(throws: Killed.self) {
      _ = try await world.mover { if $0 == .recorded { throw Killed() } }.carryOut(manifest)
    }
    let record = try #require(
      try await world.store.deadLetterRecords(letter: letters[0].id, messageID: "").first)
    #expect(record.manifest.operatorName == "anna")
    #expect(record.target == "monthclose/replay.charger")
    #expect(record.replays == 1)
    #expect(record.fault.hasPrefix("gateway-unknown: "))
    #expect(world.broker.messages(in: "charger").isEmpty)
  }

  @Test func `What arrives later is not taken`() async throws {
    let world = try await World.withDeadCharges(["a"])
    let manifest = try await world.freeze("r-1", try await world.choose())
    var late = world.dead(.charger)[0]
    late.messageID = "another"
    await world.putBack(late, .charger)
    let moved = try await world.mover().carryOut(manifest)
    #expect(moved.count == 1)
    #expect(world.dead(.charger).map(\.messageID) == ["another"])
  }

  /// The gateway is still away: the letter comes back while its replay was not finished.
  @Test func `A letter that comes back is not taken for the one that left`() async throws {
    let world = try await World.withDeadCharges(["a"])
    let manifest = try await world.freeze("r-1", try await world.choose())
    await #expect(throws: Killed.self) {
      _ = try await world.mover { if $0 == .marked { throw Killed() } }.carryOut(manifest)
    }
    world.gateway.script("a", .lost, .lost, .lost)
    for _ in 0...World.retryDelays.count {
      try await world.run()
      world.advance(seconds: 11)
    }
    #expect(world.dead(.charger).count == 2)
    _ = try await world.mover().carryOut(manifest)
    let left = world.dead(.charger)
    #expect(left.map { $0.headers[Header.replays] } == [.integer(1)])
    #expect(left.map { $0.headers[Header.replayedBy] } == [.string("r-1")])
    #expect(try await world.replay("r-2") == 1)
    try await world.run()
    #expect(world.gateway.charges.count == 1)
  }

  @Test func `Attempts start anew and the replays are counted`() async throws {
    let world = try await World.withDeadCharges(["a"])
    #expect(world.dead(.charger)[0].headers[Header.attempts] == .integer(3))
    try await world.replay("r-1")
    let message = try #require(world.broker.messages(in: "charger").first)
    #expect(
      message.headers == [Header.replays: .integer(1), Header.replayedBy: .string("r-1")])
    #expect(world.broker.messages(in: "mailer").isEmpty, "to the service it came from only")
  }

  @Test func `A publish that is not confirmed leaves the letter`() async throws {
    let world = try await World.withDeadCharges(["a"])
    let manifest = try await world.freeze("r-1", try await world.choose())
    world.broker.refusePublishes()
    await #expect(throws: NotReplayed.self) { _ = try await world.mover().carryOut(manifest) }
    #expect(world.dead(.charger).count == 1)
    world.broker.loseConfirms()
    await #expect(throws: NotReplayed.self) { _ = try await world.mover().carryOut(manifest) }
    #expect(world.dead(.charger).count == 1)
    _ = try await world.mover().carryOut(manifest)
    #expect(world.dead(.charger).isEmpty)
    try await world.run()
    #expect(world.gateway.charges.count == 1, "published twice, charged once")
  }

  /// As when the broker ends a connection that has held letters for too long.
  @Test func `A connection that is lost is no end as long as letters move`() async throws {
    let world = try await World.withDeadCharges(["a", "b", "c"])
    var manifest = try await world.freeze("r-1", try await world.choose())
    manifest.perSecond = 1
    let cuts = Counter()
    let mover = world.mover { step in
      if step == .marked, [0, 2].contains(cuts.next()) {
        throw BrokerError.refused(code: 406, text: "timeout")
      }
    }
    let moved = try await mover.carryOut(manifest)
    #expect(moved.map(\.state) == [.removed, .removed, .removed])
    #expect(world.dead(.charger).isEmpty)
    try await world.run()
    #expect(world.gateway.charges.count == 3)
  }

  @Test func `Copies of one message are one letter`() async throws {
    let world = try await World.withDeadCharges(["a"])
    await world.putBack(world.dead(.charger)[0], .charger)
    let letters = try await world.choose()
    #expect(letters.map(\.copies) == [2])
    _ = try await world.mover().carryOut(try await world.freeze("r-1", letters))
    #expect(world.dead(.charger).isEmpty)
    #expect(world.broker.messages(in: "charger").count == 1)
    #expect(try await world.records(letters) == [1])
  }

  @Test func `A letter somebody else took is said to be absent`() async throws {
    let world = try await World.withDeadCharges(["a", "b"])
    let manifest = try await world.freeze("r-1", try await world.choose())
    let other = try await world.broker.consume("charger.dead", prefetch: 1)
    let taken = try #require(await other.next(limit: 1, linger: .zero))
    await other.settle(taken.map { Settlement($0.tag, .acknowledge) })
    await other.stop()
    let moved = try await world.mover().carryOut(manifest)
    #expect(Set(moved.map(\.state)) == [.removed, .absent])
  }

  @Test func `A discarded letter is kept in the ledger`() async throws {
    let world = try await World(accounts: [.test("a")])
    let junk = OutgoingMessage(
      exchange: "", routingKey: "charger", messageID: "junk", contentType: "text/plain",
      body: Array("junk".utf8))
    _ = await world.broker.publish([junk])
    try await world.run()
    let letters = try await world.choose()
    #expect(letters.map(\.classification.letterClass) == [.undecodable])
    _ = try await world.mover().carryOut(try await world.freeze("d-1", letters, .discard))
    #expect(world.dead(.charger).isEmpty)
    #expect(world.broker.messages(in: "charger").isEmpty)
    let records = try await world.store.deadLetterRecords(letter: letters[0].id, messageID: "")
    #expect(records.map(\.body) == [Array("junk".utf8)])
  }
}
