import Billing
import Broker
import Foundation
import Ledger
import Logging
import Testing

@testable import Services

/// What is not there yet is waited for; what waiting cannot fix ends the start with a sentence.
@Suite struct StartUpTests {
  private let health = ServiceHealth()
  private let lines = LoggedLines()

  private func startUp(
    _ sleep: @escaping @Sendable (Duration) async throws -> Void = { _ in }
  ) -> StartUp {
    StartUp(logger: lines.logger, health: health, sleep: sleep)
  }

  @Test func `Nothing is there before it was looked at`() async {
    startUp().lacksAll()
    let missing = await health.report().missing
    #expect(
      missing == [
        .store: "not opened yet", .broker: "not connected yet", .topology: "not checked yet",
      ])
  }

  @Test func `A store that is not there yet is waited for and then opened`() async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "month-close-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { _ = try? FileManager.default.removeItem(at: folder) }
    let url = "sqlite:" + folder.appendingPathComponent("t.db").path
    let settings = try Settings.read(
      service: .holder, environment: ["MONTHCLOSE_STORE_URL": url], arguments: [])
    let pauses = Recording<Duration>()
    let missing = Recording<String?>()
    let store = try await startUp { [health] pause in
      pauses.add(pause)
      missing.add(await health.report().missing[.store])
      if pauses.all.count == 3 { try await openStore(url, migrate: true).close() }
    }.store(settings)
    #expect(pauses.all == [.milliseconds(250), .milliseconds(500), .seconds(1)])
    #expect(missing.all.allSatisfy { $0 != nil }, "and it is not ready meanwhile")
    #expect(await health.report().missing[.store] == nil)
    try await store.close()
    let log = lines.taken()
    #expect(log.first?.contains("waiting for the store (MONTHCLOSE_STORE_URL)") == true)
    #expect(log.last?.contains("the store is back") == true)
    #expect(log.count == 2, "one line for the outage, one for its end")
  }

  private func always(_ error: any Error) -> Bool { true }
  private func mayPass(_ error: any Error) -> Bool { (error as? StoreError)?.mayPass == true }

  @Test func `The pauses grow to five seconds, so that a repair is noticed soon`() async throws {
    let pauses = Recording<Duration>()
    let tries = Recording<Int>()
    let found = try await startUp { pauses.add($0) }.retrying(.broker, waits: always) {
      tries.add(1)
      if tries.all.count < 8 { throw StoreError.unreachable("not there") }
      return "there"
    }
    #expect(found == "there")
    #expect(
      pauses.all == [0.25, 0.5, 1, 2, 4, 5, 5].map { .milliseconds(Int($0 * 1000)) })
  }

  @Test(arguments: [
    StoreError.damaged("no database"), .newerSchema(found: 99, known: 12),
    .readOnly("/var/lib/t.db"),
  ])
  func `What waiting cannot fix ends the start at once`(_ error: StoreError) async throws {
    let pauses = Recording<Duration>()
    await #expect(throws: error) {
      try await startUp { pauses.add($0) }.retrying(.store, waits: mayPass) { throw error }
    }
    #expect(pauses.all.isEmpty && lines.taken().isEmpty)
  }

  @Test func `A service that is asked to stop does not go on waiting`() async {
    await #expect(throws: CancellationError.self) {
      try await startUp { _ in throw CancellationError() }.retrying(.broker, waits: always) {
        throw StoreError.unreachable("not there")
      }
    }
  }

  // MARK: The topology

  private func missing(_ number: Int) -> TopologyDifference {
    TopologyDifference(what: "queue q-\(number)", expected: "declared", found: "missing")
  }

  @Test func `A topology is waited for only as long as nothing but objects is missing`() {
    let other = TopologyDifference(what: "queue x", expected: "quorum", found: "classic")
    #expect(TopologyMismatch(differences: [missing(1), missing(2)]).isOnlyMissing)
    #expect(!TopologyMismatch(differences: [missing(1), other]).isOnlyMissing)
  }

  @Test func `The sentence names first what cannot be applied, and five objects at most`() {
    let other = TopologyDifference(what: "queue x", expected: "quorum", found: "classic")
    let mismatch = TopologyMismatch(differences: (1...6).map(missing) + [other])
    #expect(
      mismatch.description
        == "the broker's topology is not as expected (closectl topology apply): \(other); "
        + (1...4).map { "\(missing($0))" }.joined(separator: "; ") + "; and 2 more")
  }

  // MARK: The queue

  private func dependencies(
    _ world: World, pause: @escaping @Sendable (Duration) async -> Bool
  ) -> Dependencies {
    Dependencies(
      store: world.store, clock: world.clock, broker: world.broker,
      gateway: { world.gateway.gateway }, mailServer: { world.post.server }, pause: pause,
      watch: ServiceWatch(health: health))
  }

  @Test func `A queue that is gone since the check is waited for too`() async throws {
    let world = try await World(accounts: [])
    world.broker.delete(queues: ["holder"])
    let missing = Recording<String?>()
    let consumer = try await dependencies(world) { [health] _ in
      missing.add(await health.report().missing[.topology])
      do {
        _ = try await world.broker.apply(MonthClose.topology(retryDelays: World.retryDelays))
        return true
      } catch { return false }
    }.consumer(of: .holder, prefetch: 1, lines.logger)
    #expect(missing.all.count == 1 && missing.all.first??.isEmpty == false)
    let report = await health.report()
    #expect(report.missing[.topology] == nil && report.phase == .consuming)
    await consumer.stop()
  }

  @Test func `A service that is asked to stop does not wait for its queue`() async throws {
    let world = try await World(accounts: [])
    world.broker.delete(queues: ["holder"])
    await #expect(throws: CancellationError.self) {
      _ = try await dependencies(world) { _ in false }.consumer(
        of: .holder, prefetch: 1, lines.logger)
    }
  }
}
