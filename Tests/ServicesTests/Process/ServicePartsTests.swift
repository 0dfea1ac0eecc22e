import Billing
import Broker
import Ledger
import Logging
import Testing

@testable import Services

/// A service is assembled the same way, whatever surrounds it.
@Suite struct ServicePartsTests {
  private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  private func settings(_ more: [String: String] = [:]) throws -> Settings {
    try Settings.read(service: nil, environment: more, arguments: [])
  }

  private func parts(
    _ service: ServiceName, _ settings: Settings, _ world: World
  ) async throws -> ServiceParts {
    let dependencies = Dependencies(
      store: world.store, clock: world.clock, broker: world.broker,
      gateway: { world.gateway.gateway }, mailServer: { world.post.server })
    return try await ServiceParts(service, settings, dependencies, logger)
  }

  @Test func `Each service is the one of its name`() async throws {
    let world = try await World(accounts: [])
    #expect(world.services[.invoicer]?.handler is Invoicer)
    #expect(world.services[.charger]?.handler is Charger)
    #expect(world.services[.mailer]?.handler is Mailer)
    #expect(world.services[.holder]?.handler is Holder)
    #expect(world.services[.reporter]?.handler is Reporter)
  }

  @Test func `The charger and the holder have due work, and the holder publishes for closectl`()
    async throws
  {
    let world = try await World(accounts: [])
    let due = world.services.filter { $0.value.handler is any DueWorkHandler }
    #expect(Set(due.keys) == [.charger, .holder])
    let relaying = world.services.mapValues(\.handler.relays).filter { !$0.value.isEmpty }
    #expect(relaying == [.holder: [.closectl]])
  }

  @Test(arguments: [
    // In flight, batch, lanes: the charger needs a lane more than its calls fill batches.
    (in: "64", batch: "32", lanes: "1", expected: 3),
    (in: "65", batch: "32", lanes: "1", expected: 4),
    (in: "8", batch: "32", lanes: "6", expected: 6),
  ])
  func `The charger has lanes for all its calls`(
    _ given: (in: String, batch: String, lanes: String, expected: Int)
  ) async throws {
    let world = try await World(accounts: [])
    let settings = try settings([
      "MONTHCLOSE_IN_FLIGHT": given.in, "MONTHCLOSE_BATCH": given.batch,
      "MONTHCLOSE_LANES": given.lanes,
    ])
    let charger = try await parts(.charger, settings, world)
    #expect(charger.run.lanes == given.expected)
    let holder = try await parts(.holder, settings, world)
    #expect(holder.run.lanes == Int(given.lanes))
    #expect(holder.run.batch == Int(given.batch))
  }

  @Test func `Closing it closes its store`() async throws {
    let world = try await World(accounts: [])
    let holder = try await parts(.holder, try settings(), world)
    await holder.close()
    await #expect(throws: (any Error).self) { _ = try await world.store.runs() }
  }
}
