import Billing
import Broker
import Foundation
import Ledger
import Logging
import ServiceLifecycle

/// The program of every service: settings, parts, run until told to stop.
public enum ServiceProgram {
  /// Ends the process: 0 stopped or all in order, 1 a problem found, 2 wrong settings.
  public static func main(_ service: ServiceName) async -> Never {
    ProcessMemory.keepSmall()
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
      for problem in problems { say("\(service.rawValue): \(problem)") }
      if problems.isEmpty { say("\(service.rawValue): settings, store and broker are in order") }
      exit(problems.isEmpty ? 0 : 1)
    case .run:
      exit(await run(service, settings))
    }
  }

  private static func run(_ service: ServiceName, _ settings: Settings) async -> Int32 {
    let logger = makeLogger(service: service, settings: settings)
    if settings.httpAddress != nil {
      logger.warning("MONTHCLOSE_HTTP_ADDRESS is set, but this version serves no health or metrics")
    }
    do {
      let parts = try await ServiceParts.assemble(service, settings, logger)
      logger.info(
        "started",
        metadata: [
          "version": "\(MonthClose.version)", "lanes": "\(parts.run.lanes)",
          "batch": "\(parts.run.batch)",
        ])
      var group = ServiceGroupConfiguration(
        services: [parts.upkeep, parts.run], gracefulShutdownSignals: [.sigterm, .sigint],
        logger: logger)
      group.maximumGracefulShutdownDuration = .seconds(settings.stopTimeoutSeconds)
      try await ServiceGroup(configuration: group).run()
      await parts.close()
      logger.info("stopped", metadata: parts.tally.metadata)
      return 0
    } catch is CancellationError {
      logger.info("stopped before it was ready")
      return 0
    } catch {
      logger.critical("cannot run: \(error)")
      return 1
    }
  }

  private static func say(_ line: String) {
    FileHandle.standardError.write(Data("\(line)\n".utf8))
  }
}

extension Tally {
  var metadata: Logger.Metadata {
    [
      "handled": "\(self[.handled])", "retried": "\(self[.retried])", "dead": "\(self[.dead])",
    ]
  }
}
