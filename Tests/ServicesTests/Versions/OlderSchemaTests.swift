import Billing
import Broker
import Testing

@testable import Ledger

/// A store that comes to a newer schema in the middle of a close, and one that is ahead of the
/// program.
@Suite struct OlderSchemaTests {
  private static func options(_ migrations: some Sequence<Migration>) -> SQLiteOptions {
    var options = SQLiteOptions()
    options.migrations = Array(migrations)
    return options
  }

  /// One step ahead of this program, by additions.
  private static let ahead = options(
    Migration.all + [
      Migration(number: Migration.newest + 1) { words in
        """
        ALTER TABLE attempts ADD COLUMN network \(words.text);
        CREATE INDEX a ON attempts (network)
        """
      }
    ])

  private static let accounts: [Account] =
    (1...6).map { .test("a-\($0)") }
    + [.test("b-soft", card: Account.soft), .test("c-hard", card: Account.hard)]

  /// All invoiced; charges under way: one answered, one of which nobody knows, the rest to come.
  private func middle(_ options: SQLiteOptions) async throws -> World {
    let world = try await World(accounts: Self.accounts, options: options)
    world.gateway.script("a-2", .chargedUnheard)
    try await world.trigger()
    try await world.run(without: [.charger, .mailer, .holder])
    try await world.step(.charger, batch: 3)
    try await world.step(.mailer, batch: 2)
    return world
  }

  private func finish(_ world: World) async throws {
    try await world.run()
    world.advance(seconds: 30)
    try await world.run()
    #expect(try await world.store.run(World.period)?.state == .closed)
    #expect(
      try await world.ends() == [.paid: 6, .retryScheduled: 1, .awaitingPayment: 1])
    let invoices = world.gateway.charges.map(\.invoice)
    #expect(invoices.count == 6 && Set(invoices).count == 6)
    let mails = world.post.sent.map(\.messageID)
    #expect(mails.count == Set(mails).count)
    let report = try await world.audit()
    #expect(report.findings.filter { $0.verdict == .broken } == [])
    #expect(try await world.store.problems() == [])
  }

  @Test func `Close in the middle goes on in the migrated store`() async throws {
    let before = try await middle(SQLiteOptions())
    let error = StoreError.olderSchema(found: Migration.newest, needed: Migration.newest + 1)
    await #expect(throws: error) {
      _ = try await World(restarting: before, options: Self.ahead, migrate: false)
    }
    let after = try await World(restarting: before, options: Self.ahead)
    try await finish(after)
  }

  /// Somebody migrated while the services of the last version go on as they are.
  @Test func `Programs that are running go on while the store is migrated under them`() async throws
  {
    let world = try await middle(SQLiteOptions())
    let connections = world.store.connections as? SQLiteConnections
    let other = try await SQLiteStore.open(
      path: try #require(connections).path, migrate: true, options: Self.ahead)
    try await finish(world)
    #expect(try await other.run(World.period)?.state == .closed)
    try await other.close()
  }

  @Test func `Close in the middle goes on in a store that is ahead by additions`() async throws {
    let before = try await middle(Self.ahead)
    let after = try await World(restarting: before, options: SQLiteOptions(), migrate: false)
    try await finish(after)
  }
}
