import Billing
import Broker
import Ledger
import Logging

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
