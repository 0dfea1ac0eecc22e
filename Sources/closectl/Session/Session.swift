import Broker
import Ledger
import Logging
import Operations
import Payments
import Services

/// One command's store and broker, opened when they are first needed.
actor Session {
  nonisolated let settings: Settings
  nonisolated let output: Output
  nonisolated let clock: LedgerClock
  nonisolated let logger: Logger
  nonisolated let triggerPatience: Duration
  private let doors: SessionDependencies
  private var openStore: LedgerStore?
  private var openBroker: (any Broker)?
  private var openDeadBroker: (any Broker)?
  private var failedAt: ContinuousClock.Instant?
  private var noted: Set<String> = []
  private var onlyReads = false
  private static let pause = Duration.seconds(5)

  init(settings: Settings, output: Output, doors: SessionDependencies) throws {
    self.settings = settings
    self.output = output
    self.doors = doors
    triggerPatience = doors.triggerPatience
    var logger = Logger(label: "closectl") { StreamLogHandler.standardError(label: $0) }
    // Failures become an error message; the log is for details.
    let isAsked = output.environment["MONTHCLOSE_LOG_LEVEL"]?.isEmpty == false
    logger.logLevel = isAsked ? settings.logLevel : .critical
    self.logger = logger
    if let clock = doors.clock {
      self.clock = clock
    } else if let file = settings.clockFile {
      clock = try LedgerClock.shifted(file: file, logger: logger)
    } else {
      clock = .system
    }
  }

  func store(migrate: Bool = false) async throws -> LedgerStore {
    if let openStore { return openStore }
    let store = try await doors.openStore(settings, migrate)
    openStore = store
    return store
  }

  func broker() async throws -> any Broker {
    if let openBroker { return openBroker }
    let broker = try await doors.connect(settings, logger)
    openBroker = broker
    return broker
  }

  /// The same broker, with the user for dead letters if there is one, which may have fewer rights.
  /// A separate connection: events left by earlier commands are not published over it.
  func deadBroker() async throws -> any Broker {
    if let openDeadBroker { return openDeadBroker }
    var other = settings
    if !settings.deadBrokerURL.isEmpty { other.brokerURL = settings.deadBrokerURL }
    let broker = try await doors.connect(other, logger)
    openDeadBroker = broker
    return broker
  }

  func gateway() throws -> PaymentGateway {
    try doors.gateway(settings, logger)
  }

  /// For commands that must leave everything as they found it, left-over events included.
  func readOnly() { onlyReads = true }

  /// For commands that can do without a broker: a failure becomes a note, shown once. When called
  /// repeatedly, it retries only now and then.
  func brokerIfReachable(otherwise consequence: String) async -> (any Broker)? {
    if openBroker == nil, let failedAt, ContinuousClock.now - failedAt < Self.pause { return nil }
    do {
      return try await broker()
    } catch {
      failedAt = .now
      noteOnce("\(error); \(consequence)")
      return nil
    }
  }

  /// A note for people; repeated only if its wording changes.
  func noteOnce(_ text: String) {
    if noted.insert(text).inserted { output.noteLine("note: \(text)") }
  }

  /// Publishes what an earlier command had to leave in the ledger because it had no broker, and
  /// closes what is open. Never a reason for a command to fail: it stays recorded.
  func end() async {
    if !onlyReads, let store = openStore, let broker = openBroker {
      do {
        try await Operator(store: store, broker: broker, clock: clock, logger: logger)
          .publishLeftOvers()
      } catch {
        output.noteLine("note: events of earlier commands are not published yet: \(error)")
      }
    }
    await openBroker?.close()
    await openDeadBroker?.close()
    do {
      try await openStore?.close()
    } catch {
      output.noteLine("note: the store was not closed cleanly: \(error)")
    }
  }
}

/// How a session gets its store and its broker; tests substitute their own.
struct SessionDependencies: Sendable {
  var openStore: @Sendable (Settings, _ migrate: Bool) async throws -> LedgerStore = {
    try await Ledger.openStore(
      $0.storeURL, migrate: $1, connections: $0.storeConnections, lockTimeout: .seconds(10))
  }
  var connect: @Sendable (Settings, Logger) async throws -> any Broker = { settings, logger in
    try await RabbitMQBroker.connect(
      try settings.brokerNodes(), name: "closectl", logger: logger)
  }
  var gateway: @Sendable (Settings, Logger) throws -> PaymentGateway = { settings, logger in
    try PaymentGateway.http(
      url: settings.gatewayURL, key: settings.gatewayKey, caFile: settings.gatewayCAFile,
      timeoutSeconds: settings.gatewayTimeoutSeconds, maxConnections: 1, logger: logger)
  }
  /// `nil`: as the settings say.
  var clock: LedgerClock?
  /// How long a watch continues without a close and without a trigger in the invoicer's queue: for
  /// a while the invoicer may be holding the trigger, where no queue shows it.
  var triggerPatience = Duration.seconds(15)
}
