import Billing
import Broker
import Ledger
import Logging

/// A service assembled from its settings and its surroundings.
package struct ServiceParts: Sendable {
  package var run: ServiceRun
  package var upkeep: MaintenanceLoop
  /// Only for a real service.
  var storeWatch: StoreWatch
  var closeWatch: CloseWatch
  /// Only the reporter has one, if it can be scraped.
  var observer: Observer?
  package var tally: RunCounters
  package var close: @Sendable () async -> Void

  /// Connects to what the settings name, and waits for it.
  static func assemble(
    _ service: ServiceName, _ settings: Settings, _ watch: ServiceWatch, _ logger: Logger
  ) async throws -> ServiceParts {
    let around = try await Dependencies.open(for: service, settings, watch, logger)
    return try await ServiceParts(service, settings, around, logger)
  }

  /// The same for a real service and for a simulated one: only their surroundings differ.
  package init(
    _ service: ServiceName, _ settings: Settings, _ around: Dependencies, _ logger: Logger
  ) async throws {
    let core = try ServiceCore(service, settings, around, logger)
    let lanes = Self.lanes(of: service, settings)
    let consumer = try await around.consumer(
      of: service, prefetch: max(settings.prefetch, lanes * settings.batch), logger)
    self.run = ServiceRun(
      runner: core.runner, consumer: consumer, batch: settings.batch, lanes: lanes)
    self.upkeep = MaintenanceLoop(
      outbox: core.outbox, handler: core.handler, logger: logger, rest: around.rest,
      health: around.watch.health)
    self.storeWatch = StoreWatch(
      condition: { await around.store.condition() }, health: around.watch.health,
      rest: around.rest)
    self.closeWatch = CloseWatch(
      runs: { try await around.store.runs() }, tally: core.tally, logger: logger, rest: around.rest,
      startedAt: around.clock.now())
    self.observer = around.watch.observations.map {
      Observer(
        store: around.store, broker: around.broker, clock: around.clock, observations: $0,
        logger: logger, rest: around.rest)
    }
    self.tally = core.tally
    self.close = {
      await core.shutdown()
      await around.broker.close()
      do { try await around.store.close() } catch {
        logger.error("the store did not close cleanly", metadata: ["error": "\(error)"])
      }
    }
  }

  /// The charger takes as many batches at once as its calls in flight need.
  private static func lanes(of service: ServiceName, _ settings: Settings) -> Int {
    guard service == .charger else { return settings.lanes }
    return max(settings.lanes, (settings.inFlight + settings.batch - 1) / settings.batch + 1)
  }
}
