import Billing
import Broker
import CCurl
import Endpoints
import Foundation
import Ledger
import Logging
import Monitoring
import ServiceLifecycle

/// The program of every service: settings, parts, run until asked to stop.
public enum ServiceProgram {
  /// Ends the process: 0 stopped or all OK, 1 a problem was found or it did not stop in time, 2
  /// wrong settings.
  public static func main(_ service: ServiceName) async -> Never {
    ProcessMemory.keepSmall()
    ProcessSignals.ignoreBrokenPipes()
    let settings: Settings
    do throws(SettingsError) {
      settings = try Settings.read(
        service: service, environment: ProcessInfo.processInfo.environment,
        arguments: Array(CommandLine.arguments.dropFirst()))
    } catch {
      for problem in error.problems { say("\(service.rawValue): \(problem)") }
      exit(2)
    }
    switch settings.mode {
    case .help:
      print(Settings.helpText(for: service))
      exit(0)
    case .version:
      print(MonthClose.versionLine(of: service.rawValue))
      exit(0)
    case .check:
      let problems = await ServiceCheck(service: service, settings: settings).problems()
      for warning in settings.warnings { say("\(service.rawValue): warning: \(warning)") }
      for problem in problems { say("\(service.rawValue): \(problem)") }
      if problems.isEmpty {
        say("\(service.rawValue): \(ServiceCheck.tried(by: service)) are OK")
      }
      exit(problems.isEmpty ? 0 : 1)
    case .health:
      exit(await health(service, settings))
    case .run:
      exit(await run(service, settings))
    }
  }

  private static func run(_ service: ServiceName, _ settings: Settings) async -> Int32 {
    ProcessSignals.stopAtOnce()
    let logger = makeLogger(service: service, settings: settings)
    for warning in settings.warnings { logger.warning("\(warning)") }
    do {
      let (watch, server) = try await ServiceWatch.open(
        service, at: settings.httpAddress, logger)
      let life = ServiceLife(service: service, settings: settings, watch: watch, logger: logger)
      // Remembers a stop that arrives before the run.
      let group = ServiceGroup(services: [life], logger: logger)
      let deadline = StopDeadline(
        seconds: settings.stopTimeoutSeconds, logger: logger, inWork: watch.health.inWork)
      try await deadline.bounding(stop: { await group.triggerGracefulShutdown() }) {
        let ended = await Result.catching { try await group.run() }
        await server?.stop()
        return ended
      }.get()
      return 0
    } catch let fault as ListenFault {
      logger.critical("cannot run: MONTHCLOSE_HTTP_ADDRESS: \(fault)")
      return 1
    } catch {
      logger.critical("cannot run: \(error)")
      return 1
    }
  }

  private static func health(_ service: ServiceName, _ settings: Settings) async -> Int32 {
    switch await ReadinessProbe(address: settings.httpAddress).ask() {
    case .ready: return 0
    case .notReady(let why):
      say("\(service.rawValue): not ready: \(why)")
      return 1
    case .noAddress:
      say("\(service.rawValue): --health expects MONTHCLOSE_HTTP_ADDRESS, found nothing")
      return 2
    }
  }

  private static func say(_ line: String) {
    LogSink.standardError.write(Array("\(line)\n".utf8))
  }
}

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

/// Keeps a service's memory from growing with its running time. The C library gives each thread its
/// own arena and raises its thresholds over time; for a service with batches of one size, both are
/// only a cost. Call it before the first thread is created.
enum ProcessMemory {
  static func keepSmall() {
    mallopt(M_ARENA_MAX, 1)
    mallopt(M_MMAP_THRESHOLD, 128 << 10)
    mallopt(M_TRIM_THRESHOLD, 128 << 10)
  }
}
