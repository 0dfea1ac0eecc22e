import Broker
import Ledger
import Logging

/// `--check`: settings, store schema and broker topology, without doing anything.
struct ServiceCheck {
  let service: ServiceName
  let settings: Settings

  /// What is wrong, a sentence each with what was expected and found.
  func problems() async -> [String] {
    await storeProblems() + brokerProblems() + worldProblems()
  }

  /// Where the service reaches outside over TLS: whether that comes about.
  private func worldProblems() async -> [String] {
    let (name, url, caFile) =
      switch service {
      case .charger: ("GATEWAY", settings.gatewayURL, settings.gatewayCAFile)
      case .mailer: ("SMTP", settings.smtpURL, settings.smtpCAFile)
      default: ("", "", String?.none)
      }
    guard let server = ServerURL(url), ["https", "smtps"].contains(server.scheme) else { return [] }
    let place = server.port.map { ":\($0)" } ?? ""
    let host = server.host.contains(":") ? "[\(server.host)]" : server.host
    let bare = "\(server.scheme)://\(host)\(place)"
    guard let problem = await TLSLook.problem(url: bare, caFile: caFile) else { return [] }
    return ["MONTHCLOSE_\(name)_URL: \(bare) cannot be used over TLS: \(problem)"]
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
