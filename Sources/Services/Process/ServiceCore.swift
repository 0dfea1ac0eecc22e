import Billing
import Broker
import Ledger
import Logging

/// What a service does with messages, before anything consumes or runs in turns: as much of it as a
/// test can move by hand.
struct ServiceCore: Sendable {
  let handler: Handler
  let runner: Runner
  let outbox: Outbox
  let tally = RunCounters()
  /// Of the partner that the service calls.
  let shutdown: @Sendable () async -> Void

  init(
    _ service: ServiceName, _ settings: Settings, _ around: Dependencies, _ logger: Logger
  ) throws {
    let desk = LedgerSession(
      service: service, store: around.store, clock: around.clock, reached: around.reached,
      metrics: around.watch.metrics)
    outbox = Outbox(desk: desk, broker: around.broker, logger: logger)
    (handler, shutdown) = try Self.makeHandler(service, desk, settings, around, logger)
    runner = Runner(
      handler: handler, desk: desk, outbox: outbox,
      ladder: RetryPolicy(service: service, delays: settings.retryDelays), tally: tally,
      logger: logger, pause: around.pause, health: around.watch.health,
      patience: .seconds(900 + 10 * settings.gatewayTimeoutSeconds),
      putOffs: PutOffs(now: around.steady))
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
