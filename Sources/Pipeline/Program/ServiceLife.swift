import Ledger
import Logging
import ServiceLifecycle

/// A service from its first wait for store and broker to its last message. Told to stop, it ends
/// well in each of its states.
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

  /// `nil`: told to stop while it waited.
  private func assembled() async throws -> ServiceParts? {
    do {
      return try await cancelWhenGracefulShutdown {
        try await ServiceParts.assemble(service, settings, watch, logger)
      }
    } catch is CancellationError {
      return nil
    }
  }

  private func work(_ parts: ServiceParts) async throws {
    logger.info(
      "started",
      metadata: [
        "version": "\(MonthClose.version)", "lanes": "\(parts.run.lanes)",
        "batch": "\(parts.run.batch)",
      ])
    // Hears of the stop from the group around it, and hands it on in order.
    var group = ServiceGroupConfiguration(services: [parts.upkeep, parts.run], logger: logger)
    group.maximumGracefulShutdownDuration = .seconds(settings.stopTimeoutSeconds)
    try await ServiceGroup(configuration: group).run()
    await parts.close()
    logger.info("stopped", metadata: parts.tally.metadata)
  }
}

extension Tally {
  fileprivate var metadata: Logger.Metadata {
    [
      "handled": "\(self[.handled])", "retried": "\(self[.retried])", "dead": "\(self[.dead])",
    ]
  }
}
