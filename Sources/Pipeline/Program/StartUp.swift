import Broker
import Ledger
import Logging

/// Waits for a store or a broker that is not there yet, and says so. What waiting cannot mend
/// (wrong password, newer schema, other topology) ends the start with its sentence.
struct StartUp {
  let logger: Logger

  func store(_ settings: Settings) async throws -> any Store {
    var backOff = BackOff()
    while true {
      do {
        return try await openStore(
          settings.storeURL, migrate: false, connections: settings.storeConnections)
      } catch let error as StoreError where error.mayPass {
        logger.warning("waiting for the store: \(error)")
        try await Task.sleep(for: backOff.next())
      }
    }
  }

  func broker(
    _ url: BrokerURL, name: String, options: BrokerOptions, topology: Topology
  ) async throws -> RabbitMQBroker {
    var backOff = BackOff()
    while true {
      do {
        let broker = try await RabbitMQBroker.connect(
          url, name: name, options: options, logger: logger)
        let found = await Result.catching { try await broker.differences(from: topology) }
        guard case .success(let differences) = found, differences.isEmpty else {
          await broker.close()
          throw TopologyMismatch(differences: try found.get())
        }
        return broker
      } catch let error as BrokerError where error.mayPass {
        logger.warning("waiting for the broker: \(error)")
        try await Task.sleep(for: backOff.next())
      }
    }
  }
}

struct TopologyMismatch: Error, CustomStringConvertible {
  var differences: [TopologyDifference]
  var description: String {
    "the broker's topology is not the expected one (closectl topology apply): "
      + differences.map(\.description).joined(separator: "; ")
  }
}

extension StoreError {
  var mayPass: Bool {
    switch self {
    case .unreachable, .notInitialized, .full: true
    default: false
    }
  }
}

extension BrokerError {
  var mayPass: Bool {
    switch self {
    case .unreachable, .timedOut: true
    default: false
    }
  }
}
