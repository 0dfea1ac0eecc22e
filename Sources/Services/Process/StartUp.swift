import Billing
import Broker
import Ledger
import Logging

/// Waits for a store or broker that is not there or not set up yet, logs that it is waiting, and is
/// not ready meanwhile. Problems that waiting cannot fix (wrong password, newer schema, different
/// topology) end the start with a sentence.
struct StartUp {
  let logger: Logger
  let health: ServiceHealth
  var options = BrokerOptions()
  var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }

  /// Before the first check of anything.
  func lacksAll() {
    health.lacks(.store, "not opened yet")
    health.lacks(.broker, "not connected yet")
    health.lacks(.topology, "not checked yet")
  }

  func store(_ settings: Settings) async throws -> LedgerStore {
    try await retrying(.store, waits: Self.storeMayPass) {
      try await openStore(
        settings.storeURL, migrate: false, connections: settings.storeConnections)
    }
  }

  func broker(
    _ urls: [BrokerURL], name: String, topology: Topology
  ) async throws -> RabbitMQBroker {
    let broker = try await retrying(.broker, waits: Self.brokerMayPass) {
      try await RabbitMQBroker.connect(urls, name: name, options: options, logger: logger)
    }
    do {
      try await retrying(.topology, waits: Self.topologyMayPass) {
        let differences = try await broker.differences(from: topology, .asPermitted)
        guard differences.isEmpty else { throw TopologyMismatch(differences: differences) }
      }
    } catch {
      await broker.close()
      throw error
    }
    return broker
  }

  private static func storeMayPass(_ error: any Error) -> Bool {
    (error as? StoreError)?.mayPass == true
  }

  private static func brokerMayPass(_ error: any Error) -> Bool {
    (error as? BrokerError)?.mayPass == true
  }

  private static func topologyMayPass(_ error: any Error) -> Bool {
    if let mismatch = error as? TopologyMismatch { return mismatch.isOnlyMissing }
    return brokerMayPass(error)
  }

  /// Retries until it succeeds, or fails in a way that waiting cannot fix.
  func retrying<Value>(
    _ part: ServiceHealth.Part, waits: (any Error) -> Bool, _ attempt: () async throws -> Value
  ) async throws -> Value {
    let outage = OutageLog(
      "waiting for the \(part.rawValue)\(part.setting)",
      back: "the \(part.rawValue) is back", logger)
    var backoff = Backoff.ofService
    while true {
      do {
        let value = try await attempt()
        health.has(part)
        outage.found(by: Self.name)
        return value
      } catch  where waits(error) {
        health.lacks(part, "\(error)")
        let pause = min(backoff.next(), Self.longestPause)
        outage.missed(by: Self.name, "\(error)", waiting: nil, next: pause)
        try await sleep(pause)
      }
    }
  }

  fileprivate static let name = "start"

  /// Short enough that a repair is noticed quickly.
  private static let longestPause = Duration.seconds(5)
}

extension Dependencies {
  /// The queue or the broker may have gone since the check: that is waited for too.
  func consumer(
    of service: ServiceName, prefetch: Int, _ logger: Logger
  ) async throws -> any Consumer {
    let outage = OutageLog("waiting for the queue", back: "the queue is back", logger)
    var backoff = Backoff.ofService
    while true {
      do {
        let consumer = try await broker.consume(service.rawValue, prefetch: prefetch)
        watch.health.has(.topology)
        outage.found(by: StartUp.name)
        watch.health.consumes(service.rawValue, from: broker)
        return consumer
      } catch let error as BrokerError where error.mayPassAtQueue {
        watch.health.lacks(.topology, "\(error)")
        let wait = backoff.next()
        outage.missed(by: StartUp.name, "\(error)", waiting: nil, next: wait)
        if await !pause(wait) { throw CancellationError() }
      }
    }
  }
}

extension ServiceHealth.Part {
  /// Where an operator looks first.
  fileprivate var setting: String {
    switch self {
    case .store: " (MONTHCLOSE_STORE_URL)"
    case .broker: " (MONTHCLOSE_BROKER_URL)"
    case .gateway: " (MONTHCLOSE_GATEWAY_URL)"
    case .mailServer: " (MONTHCLOSE_SMTP_URL)"
    case .topology, .gatewayKey, .chargeHistory: ""
    }
  }
}

struct TopologyMismatch: Error, CustomStringConvertible {
  var differences: [TopologyDifference]
  var description: String {
    "the broker's topology is not as expected (closectl topology apply): "
      + shown.map(\.description).joined(separator: "; ")
      + (differences.count > shown.count ? "; and \(differences.count - shown.count) more" : "")
  }

  /// Can be fixed with `closectl topology apply`; an object with other arguments cannot.
  var isOnlyMissing: Bool { differences.allSatisfy(\.isMissing) }

  /// Problems that waiting cannot fix come first; a list of all missing queues would fill the
  /// screen.
  private var shown: [TopologyDifference] {
    Array((differences.filter { !$0.isMissing } + differences.filter(\.isMissing)).prefix(5))
  }
}

extension StoreError {
  var mayPass: Bool {
    switch self {
    case .unreachable, .locked, .notInitialized, .olderSchema, .full: true
    default: false
    }
  }
}

extension BrokerError {
  fileprivate var mayPassAtQueue: Bool {
    if case .noQueue = self { true } else { mayPass }
  }
}
