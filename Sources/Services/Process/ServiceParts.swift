import Billing
import Broker
import Ledger
import Logging
import Mail
import Payments
import ServiceLifecycle

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

/// What a service does with messages, before anything consumes or runs in turns: as much of it as a
/// test can move by hand.
struct ServiceCore: Sendable {
  let handler: any MessageHandler
  let runner: Runner
  let outbox: Outbox
  let counters = RunCounters()
  /// Of the partner that the service calls.
  let shutdown: @Sendable () async -> Void

  init(
    _ service: ServiceName, _ settings: Settings, _ dependencies: Dependencies, _ logger: Logger
  ) throws {
    let session = LedgerSession(
      service: service, store: dependencies.store, clock: dependencies.clock,
      crashPoint: dependencies.crashPoint,
      metrics: dependencies.watch.metrics)
    outbox = Outbox(session: session, broker: dependencies.broker, logger: logger)
    (handler, shutdown) = try Self.makeHandler(session, settings, dependencies, logger)
    runner = Runner(
      handler: handler, session: session, outbox: outbox,
      retryPolicy: RetryPolicy(service: service, delays: settings.retryDelays),
      counters: counters, logger: logger, pause: dependencies.pause,
      health: dependencies.watch.health,
      batchDeadline: .seconds(900 + 10 * settings.gatewayTimeoutSeconds),
      putOffs: PutOffs(now: dependencies.steady))
  }

  private static func makeHandler(
    _ session: LedgerSession, _ settings: Settings, _ dependencies: Dependencies, _ logger: Logger
  ) throws -> (any MessageHandler, shutdown: @Sendable () async -> Void) {
    switch session.service {
    case .invoicer, .closectl:
      let invoicer = Invoicer(
        session: session, rangeSize: settings.rangeSize, monthsBack: settings.monthsBack)
      return (invoicer, {})
    case .charger:
      let gateway = try dependencies.gateway()
      let charger = Charger(
        session: session, gateway: gateway,
        policy: ChargePolicy(retryDays: settings.retryDays, inFlight: settings.inFlight),
        logger: logger, health: dependencies.watch.health)
      return (charger, gateway.shutdown)
    case .mailer:
      let server = try dependencies.mailServer()
      let mailer = try Mailer(
        session: session, server: server, from: settings.mailFrom,
        retryDelays: settings.retryDelays, mailsZeroInvoices: settings.mailsZeroInvoices,
        logger: logger, health: dependencies.watch.health, pause: dependencies.pause)
      return (mailer, server.shutdown)
    case .holder: return (Holder(session: session), {})
    case .reporter: return (Reporter(session: session), {})
    }
  }
}

/// A service's surroundings: the shared store, the time, the broker and the outside world. In
/// production they are real; the simulator substitutes its own beneath the same services.
package struct Dependencies: Sendable {
  package var store: LedgerStore
  package var clock: LedgerClock
  package var broker: any Broker
  /// Opened by the charger only.
  package var gateway: @Sendable () throws -> PaymentGateway
  /// Opened by the mailer only.
  package var mailServer: @Sendable () throws -> MailServer
  /// Waits; `false` if the service is asked to stop meanwhile.
  package var pause: @Sendable (Duration) async -> Bool
  /// The same between two turns of a service's maintenance, when there may be nothing to wait for.
  package var rest: @Sendable (Duration) async -> Bool
  package var crashPoint: CrashPoint.Observer
  /// Monotonic time, from an arbitrary start.
  package var steady: @Sendable () -> Duration
  package var watch: ServiceWatch

  package init(
    store: LedgerStore, clock: LedgerClock, broker: any Broker,
    gateway: @escaping @Sendable () throws -> PaymentGateway,
    mailServer: @escaping @Sendable () throws -> MailServer,
    pause: @escaping @Sendable (Duration) async -> Bool = pauseUntilShutdown,
    rest: @escaping @Sendable (Duration) async -> Bool = pauseUntilShutdown,
    crashPoint: @escaping CrashPoint.Observer = { _ in },
    steady: @escaping @Sendable () -> Duration = Self.steadyClock(),
    watch: ServiceWatch = ServiceWatch()
  ) {
    self.store = store
    self.clock = clock
    self.broker = broker
    self.gateway = gateway
    self.mailServer = mailServer
    self.pause = pause
    self.rest = rest
    self.crashPoint = crashPoint
    self.steady = steady
    self.watch = watch
  }

  package static func steadyClock() -> @Sendable () -> Duration {
    let begin = ContinuousClock.now
    return { ContinuousClock.now - begin }
  }

  /// Waits until store and broker are both there, in whatever order they appear.
  static func open(
    for service: ServiceName, _ settings: Settings, _ watch: ServiceWatch, _ logger: Logger
  ) async throws -> Dependencies {
    let clock = try settings.clockFile.map { try LedgerClock.shifted(file: $0, logger: logger) }
    let crashPoint = settings.crashPoint?.observer()
    let requestSent = crashPoint.map { crashPoint in { @Sendable in crashPoint(.requestSent) } }
    var options = BrokerOptions()
    options.published = crashPoint.map { crashPoint in { @Sendable in crashPoint(.published) } }
    let nodes = try settings.brokerNodes()
    let startUp = StartUp(logger: logger, health: watch.health, options: options)
    startUp.lacksAll()
    async let storeToCome = startUp.store(settings)
    async let brokerToCome = startUp.broker(
      nodes, name: service.rawValue,
      topology: MonthClose.topology(retryDelays: settings.retryDelays))
    let (store, broker) = try await (storeToCome, brokerToCome)
    return Dependencies(
      store: store, clock: clock ?? .system, broker: broker,
      gateway: {
        try PaymentGateway.http(
          url: settings.gatewayURL, key: settings.gatewayKey, caFile: settings.gatewayCAFile,
          timeoutSeconds: settings.gatewayTimeoutSeconds, maxConnections: settings.inFlight,
          logger: logger, requestSent: requestSent)
      },
      mailServer: {
        try MailServer.smtp(
          url: settings.smtpURL, caFile: settings.smtpCAFile,
          allowsPlaintext: settings.allowPlaintext.contains(.mail),
          connections: settings.mailConnections, logger: logger)
      },
      crashPoint: crashPoint ?? { _ in }, watch: watch)
  }
}

/// Sleeps; `false` if the service is asked to stop meanwhile.
@Sendable public func pauseUntilShutdown(_ delay: Duration) async -> Bool {
  await cancelWhenGracefulShutdown {
    do {
      try await Task.sleep(for: delay)
      return true
    } catch {
      return false  // A sleep fails only when it is cancelled.
    }
  }
}
