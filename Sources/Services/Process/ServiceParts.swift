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
    let desk = LedgerSession(
      service: service, store: around.store, clock: around.clock, reached: around.reached,
      metrics: around.watch.metrics)
    let outbox = Outbox(desk: desk, broker: around.broker, logger: logger)
    let (handler, shutdown) = try Self.makeHandler(service, desk, settings, around, logger)
    let tally = RunCounters()
    let runner = Runner(
      handler: handler, desk: desk, outbox: outbox,
      ladder: RetryPolicy(service: service, delays: settings.retryDelays), tally: tally,
      logger: logger, pause: around.pause, health: around.watch.health,
      patience: .seconds(900 + 10 * settings.gatewayTimeoutSeconds),
      putOffs: PutOffs(now: around.steady))
    let lanes = Self.lanes(of: service, settings)
    let consumer = try await around.consumer(
      of: service, prefetch: max(settings.prefetch, lanes * settings.batch), logger)
    self.run = ServiceRun(
      runner: runner, consumer: consumer, batch: settings.batch, lanes: lanes)
    self.upkeep = MaintenanceLoop(
      outbox: outbox, handler: handler, logger: logger, rest: around.rest,
      health: around.watch.health)
    self.storeWatch = StoreWatch(
      condition: { await around.store.condition() }, health: around.watch.health,
      rest: around.rest)
    self.closeWatch = CloseWatch(
      runs: { try await around.store.runs() }, tally: tally, logger: logger, rest: around.rest,
      startedAt: around.clock.now())
    self.observer = around.watch.observations.map {
      Observer(
        store: around.store, broker: around.broker, clock: around.clock, observations: $0,
        logger: logger, rest: around.rest)
    }
    self.tally = tally
    self.close = {
      await shutdown()
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

  private static func makeHandler(
    _ service: ServiceName, _ desk: LedgerSession, _ settings: Settings, _ around: Dependencies,
    _ logger: Logger
  ) throws -> (Handler, @Sendable () async -> Void) {
    switch service {
    case .invoicer, .closectl:
      let invoicer = Invoicer(
        desk: desk, rangeSize: settings.rangeSize, monthsBack: settings.monthsBack)
      return (Handler(service: service, work: invoicer.work), {})
    case .charger:
      let gateway = try around.gateway()
      let charger = Charger(
        desk: desk, gateway: gateway,
        policy: ChargePolicy(retryDays: settings.retryDays, inFlight: settings.inFlight),
        logger: logger, health: around.watch.health)
      let handler = Handler(
        service: service, work: charger.work, announceDue: charger.announceDue,
        lookAfter: charger.lookAfter)
      return (handler, gateway.shutdown)
    case .mailer:
      let server = try around.mailServer()
      let mailer = try Mailer(
        desk: desk, server: server, from: settings.mailFrom,
        retryDelays: settings.retryDelays, mailsZeroInvoices: settings.mailsZeroInvoices,
        logger: logger, health: around.watch.health,
        pause: around.pause)
      return (
        Handler(service: service, work: mailer.work, lookAfter: mailer.lookAfter),
        server.shutdown
      )
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
