import Billing
import Broker
import Ledger
import Logging

/// A service assembled from its settings and its surroundings.
package struct ServiceParts: Sendable {
  package var run: ServiceRun
  package var maintenance: MaintenanceLoop
  /// Only for a real service.
  var storeWatch: StoreWatch
  var closeWatch: CloseWatch
  /// Only the reporter has one, if it can be scraped.
  var observer: Observer?
  package var counters: RunCounters
  package var close: @Sendable () async -> Void

  /// Connects to what the settings name, and waits for it.
  static func assemble(
    _ service: ServiceName, _ settings: Settings, _ watch: ServiceWatch, _ logger: Logger
  ) async throws -> ServiceParts {
    let dependencies = try await Dependencies.open(for: service, settings, watch, logger)
    return try await ServiceParts(service, settings, dependencies, logger)
  }

  /// The same for a real service and for a simulated one: only their surroundings differ.
  package init(
    _ service: ServiceName, _ settings: Settings, _ dependencies: Dependencies, _ logger: Logger
  ) async throws {
    let core = try ServiceCore(service, settings, dependencies, logger)
    let lanes = Self.lanes(of: service, settings)
    let consumer = try await dependencies.consumer(
      of: service, prefetch: max(settings.prefetch, lanes * settings.batch), logger)
    self.run = ServiceRun(
      runner: core.runner, consumer: consumer, batch: settings.batch, lanes: lanes)
    self.maintenance = MaintenanceLoop(
      outbox: core.outbox, handler: core.handler, logger: logger, rest: dependencies.rest,
      health: dependencies.watch.health)
    self.storeWatch = StoreWatch(
      condition: { await dependencies.store.condition() }, health: dependencies.watch.health,
      rest: dependencies.rest)
    self.closeWatch = CloseWatch(
      runs: { try await dependencies.store.runs() }, counters: core.counters, logger: logger,
      rest: dependencies.rest,
      startedAt: dependencies.clock.now())
    self.observer = dependencies.watch.observations.map {
      Observer(
        store: dependencies.store, broker: dependencies.broker, clock: dependencies.clock,
        observations: $0,
        logger: logger, rest: dependencies.rest)
    }
    self.counters = core.counters
    self.close = {
      await core.shutdown()
      await dependencies.broker.close()
      do { try await dependencies.store.close() } catch {
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
