import Billing
import Broker
import Ledger
import Logging
import ServiceLifecycle

/// A service put together from its settings.
struct ServiceParts {
  var run: ServiceRun
  var upkeep: Upkeep
  var tally: Tally
  var close: @Sendable () async -> Void

  static func assemble(
    _ service: ServiceName, _ settings: Settings, _ logger: Logger
  ) async throws -> ServiceParts {
    let clock = try settings.clockFile.map { try LedgerClock.shifted(file: $0, logger: logger) }
    let store = try await StartUp(logger: logger).store(settings.storeURL)
    let broker = try await StartUp(logger: logger).broker(
      BrokerURL(parsing: settings.brokerURL), name: service.rawValue,
      topology: MonthClose.topology(retryDelays: settings.retryDelays))
    let desk = Desk(service: service, store: store, clock: clock ?? .system)
    let outbox = Outbox(desk: desk, broker: broker, logger: logger)
    let (handler, shutdown) = try makeHandler(service, desk, settings, logger)
    let tally = Tally()
    let runner = Runner(
      handler: handler, desk: desk, outbox: outbox,
      ladder: RetryLadder(service: service, delays: settings.retryDelays), tally: tally,
      logger: logger, pause: pauseUntilShutdown)
    let lanes = lanes(of: service, settings)
    let consumer = try await broker.consume(
      service.rawValue, prefetch: max(settings.prefetch, lanes * settings.batch))
    return ServiceParts(
      run: ServiceRun(
        runner: runner, consumer: consumer, batch: settings.batch, lanes: lanes),
      upkeep: Upkeep(outbox: outbox, handler: handler, logger: logger),
      tally: tally,
      close: {
        await shutdown()
        await broker.close()
        do { try await store.close() } catch {
          logger.error("the store did not close cleanly", metadata: ["error": "\(error)"])
        }
      })
  }

  /// The charger takes as many batches at once as its calls in flight need.
  private static func lanes(of service: ServiceName, _ settings: Settings) -> Int {
    guard service == .charger else { return settings.lanes }
    return max(settings.lanes, (settings.inFlight + settings.batch - 1) / settings.batch + 1)
  }

  private static func makeHandler(
    _ service: ServiceName, _ desk: Desk, _ settings: Settings, _ logger: Logger
  ) throws -> (Handler, @Sendable () async -> Void) {
    switch service {
    case .invoicer, .closectl:
      let invoicer = Invoicer(desk: desk, rangeSize: settings.rangeSize)
      return (Handler(service: service, work: invoicer.work), {})
    case .charger:
      let gateway = try PaymentGateway.http(
        url: settings.gatewayURL, key: settings.gatewayKey,
        timeoutSeconds: settings.gatewayTimeoutSeconds, maxConnections: settings.inFlight,
        logger: logger)
      let charger = Charger(
        desk: desk, gateway: gateway,
        policy: ChargePolicy(retryDays: settings.retryDays, inFlight: settings.inFlight))
      let handler = Handler(
        service: service, work: charger.work, announceDue: charger.announceDue)
      return (handler, gateway.shutdown)
    case .mailer:
      let server = try MailServer.smtp(
        url: settings.smtpURL, connections: settings.mailConnections, logger: logger)
      let mailer = try Mailer(
        desk: desk, server: server, from: settings.mailFrom,
        patience: min(2, settings.retryDelays.count))
      return (Handler(service: service, work: mailer.work), server.shutdown)
    case .holder:
      let holder = Holder(desk: desk)
      let handler = Handler(
        service: service, work: holder.work, announceDue: holder.announceDue,
        relays: [.closectl])
      return (handler, {})
    case .reporter:
      let reporter = Reporter(desk: desk)
      return (
        Handler(service: service, work: reporter.work, lookAfter: reporter.endCloses), {}
      )
    }
  }
}

/// Sleeps; `false` when the service is told to stop meanwhile.
@Sendable private func pauseUntilShutdown(_ delay: Duration) async -> Bool {
  await cancelWhenGracefulShutdown {
    do {
      try await Task.sleep(for: delay)
      return true
    } catch {
      return false  // Cancelled is the only way a sleep fails: that is what it tells.
    }
  }
}

/// Waits for a store or a broker that is not there yet, and says so. What waiting cannot mend
/// (wrong password, newer schema, other topology) ends the start with its sentence.
struct StartUp {
  let logger: Logger

  func store(_ url: String) async throws -> any Store {
    var backOff = BackOff()
    while true {
      do {
        return try await openStore(url, migrate: false)
      } catch let error as StoreError where error.mayPass {
        logger.warning("waiting for the store: \(error)")
        try await Task.sleep(for: backOff.next())
      }
    }
  }

  func broker(
    _ url: BrokerURL, name: String, topology: Topology
  ) async throws -> RabbitMQBroker {
    var backOff = BackOff()
    while true {
      do {
        let broker = try await RabbitMQBroker.connect(url, name: name, logger: logger)
        let found = await Result.catching { try await broker.differences(from: topology) }
        guard case .success(let differences) = found, differences.isEmpty else {
          await broker.close()
          throw TopologyMismatch(differences: try found.get())
        }
        return broker
      } catch let error as BrokerError where error.mayPass {
        logger.warning("waiting for the broker: \(error)")
        try await Task.sleep(for: backOff.next())
      }
    }
  }
}

struct TopologyMismatch: Error, CustomStringConvertible {
  var differences: [TopologyDifference]
  var description: String {
    "the broker's topology is not the expected one (closectl topology apply): "
      + differences.map(\.description).joined(separator: "; ")
  }
}

extension StoreError {
  var mayPass: Bool {
    switch self {
    case .unreachable, .notInitialized, .full: true
    default: false
    }
  }
}

extension BrokerError {
  var mayPass: Bool {
    switch self {
    case .unreachable, .timedOut: true
    default: false
    }
  }
}
