import Broker
import Ledger
import Logging

/// `--check`: settings, store schema and broker topology, without doing anything.
struct ServiceCheck {
  let service: ServiceName
  let settings: Settings

  /// What is wrong, a sentence each with what was expected and found.
  func problems() async -> [String] {
    await storeProblems() + brokerProblems()
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
        BrokerURL(parsing: settings.brokerURL), name: "\(service.rawValue)-check",
        logger: Logger(label: service.rawValue))
      let found = await Result.catching { try await broker.differences(from: topology) }
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
