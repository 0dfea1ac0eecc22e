import Broker
import Ledger
import Logging
import Payments
import Services

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
