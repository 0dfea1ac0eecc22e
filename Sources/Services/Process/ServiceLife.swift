import Billing
import Ledger
import Logging
import ServiceLifecycle

/// A service from its first wait for store and broker to its last message. It stops cleanly in each
/// of its states when asked to.
struct ServiceLife: Service {
  let service: ServiceName
  let settings: Settings
  let watch: ServiceWatch
  let logger: Logger

  func run() async throws {
    try await withGracefulShutdownHandler {
      guard let parts = try await assembled() else {
        return logger.info("stopped before it was ready")
      }
      try await work(parts)
    } onGracefulShutdown: {
      watch.health.stops()
    }
  }

  /// `nil` if it was asked to stop while waiting.
  private func assembled() async throws -> ServiceParts? {
    do {
      return try await cancelWhenGracefulShutdown {
        try await ServiceParts.assemble(service, settings, watch, logger)
      }
    } catch is CancellationError {
      return nil
    }
  }

  /// Work in progress may take most of the available time; the rest is for aborting it, returning
  /// messages and closing.
  static func workTime(of stopTimeoutSeconds: Int) -> Duration {
    .milliseconds(max(stopTimeoutSeconds * 750, stopTimeoutSeconds * 1000 - 5000))
  }

  private func work(_ parts: ServiceParts) async throws {
    logger.info(
      "started",
      metadata: [
        "version": "\(MonthClose.version)", "lanes": .number(parts.run.lanes),
        "batch": .number(parts.run.batch),
      ])
    // Receives the stop from the surrounding group and passes it on in order, last one first. The
    // observer waits up to 10 s for a broker that is cut off: nothing should wait for it.
    var services: [any Service] = parts.observer.map { [$0] } ?? []
    services += [parts.closeWatch, parts.maintenance, parts.run]
    var group = ServiceGroupConfiguration(services: services, logger: logger)
    group.services.append(
      .init(service: parts.storeWatch, failureTerminationBehavior: .gracefullyShutdownGroup))
    group.maximumGracefulShutdownDuration = Self.workTime(of: settings.stopTimeoutSeconds)
    let ended = await Result.catching { try await ServiceGroup(configuration: group).run() }
    await parts.close()
    try ended.get()
    logger.info("stopped", metadata: parts.counters.metadata())
  }
}
