import Billing
import Broker
import Ledger
import Logging
import Mail
import Payments
import ServiceLifecycle

/// A service's surroundings: the shared store, the time, the broker and the outside world. In
/// production they are real; the simulator substitutes its own beneath the same services.
package struct Dependencies: Sendable {
  package var store: any Store
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
    store: any Store, clock: LedgerClock, broker: any Broker,
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
