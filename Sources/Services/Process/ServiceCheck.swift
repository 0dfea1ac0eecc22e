import Billing
import Broker
import Endpoints
import Ledger
import Logging
import Mail
import Payments

/// `--check`: settings, store schema, broker topology, and the external server that the service
/// calls: everything it will need, each within seconds, without changing anything.
struct ServiceCheck {
  let service: ServiceName
  let settings: Settings

  /// The problems, one sentence each with what was expected and found.
  func problems() async -> [String] {
    await storeProblems() + brokerProblems() + worldProblems()
  }

  /// What a check has tried, in words.
  static func tried(by service: ServiceName) -> String {
    switch service {
    case .charger: "settings, store, broker and payment gateway"
    case .mailer: "settings, store, broker and mail server"
    default: "settings, store and broker"
    }
  }

  private func worldProblems() async -> [String] {
    switch service {
    case .charger: await gatewayProblems()
    case .mailer: await mailProblems()
    default: []
    }
  }

  /// A check does not wait for a slow server as long as a charge would.
  private static let gatewaySeconds = 10

  /// Requests the charges of the last second; whether there are any does not matter.
  private func gatewayProblems() async -> [String] {
    do {
      let gateway = try PaymentGateway.http(
        url: settings.gatewayURL, key: settings.gatewayKey, caFile: settings.gatewayCAFile,
        timeoutSeconds: min(settings.gatewayTimeoutSeconds, Self.gatewaySeconds),
        maxConnections: 1, logger: Logger(label: service.rawValue))
      let now = LedgerClock.system.now()
      let listed = await Result.catching { _ = try await gateway.list(now, nil) }
      await gateway.shutdown()
      try listed.get()
      return []
    } catch {
      let place = Redaction.printable(Redaction.withoutPassword(settings.gatewayURL))
      return ["MONTHCLOSE_GATEWAY_URL \(place): \(error)"]
    }
  }

  /// Greets the mail server, logs in if there is a login, and says goodbye.
  private func mailProblems() async -> [String] {
    do {
      let problem = try await MailServer.problem(
        url: settings.smtpURL, caFile: settings.smtpCAFile,
        allowsPlaintext: settings.allowPlaintext.contains(.mail))
      return problem.map { ["MONTHCLOSE_SMTP_URL: \($0)"] } ?? []
    } catch {
      return ["MONTHCLOSE_SMTP_URL: \(error)"]
    }
  }

  private func storeProblems() async -> [String] {
    do {
      let store = try await openStore(
        settings.storeURL, migrate: false, connections: settings.storeConnections)
      try await store.close()
      return []
    } catch {
      return ["MONTHCLOSE_STORE_URL: \(error)"]
    }
  }

  private func brokerProblems() async -> [String] {
    do {
      let broker = try await RabbitMQBroker.connect(
        settings.brokerNodes(), name: "\(service.rawValue)-check",
        logger: Logger(label: service.rawValue))
      let found = await Result.catching {
        try await broker.differences(from: topology, .asPermitted)
      }
      await broker.close()
      return try found.get().map { "broker: \($0)" }
    } catch {
      return ["MONTHCLOSE_BROKER_URL: \(error)"]
    }
  }

  private var topology: Topology {
    MonthClose.topology(retryDelays: settings.retryDelays)
  }
}

extension Result where Failure == any Error {
  /// The result of an async call, so that what was opened can be closed before it is thrown on.
  static func catching(_ body: () async throws -> Success) async -> Self {
    do {
      return .success(try await body())
    } catch {
      return .failure(error)
    }
  }
}
