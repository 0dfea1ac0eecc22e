import Billing
import Broker
import Ledger

/// Names on the broker that other people's programs rely on.
public enum MonthClose {
  /// The one place where the version stands.
  public static let version = "0.1.0"
  /// `charger 0.1.0 (store schema 6)`: what `--version` of every program says.
  public static func versionLine(of program: String) -> String {
    "\(program) \(version) (store schema \(schemaVersion))"
  }
  public static let exchange = "monthclose"
  public static let contentType = "application/cloudevents+json"
  public static let services = ServiceName.services

  /// Which routing keys each service's queue is bound to: what it consumes, and one by which a
  /// message can be sent to it alone.
  public static let bindings: [(service: ServiceName, keys: [String])] = services.map {
    ($0, MessageCatalogue.bindingKeys(of: $0) + [replayKey(of: $0)])
  }

  /// `replay.charger`, so that replaying requires only the right to publish to the exchange.
  public static func replayKey(of service: ServiceName) -> String { "replay.\(service.rawValue)" }

  /// Bound to nothing: whether a message with it comes back unrouted or refused shows whether one
  /// may replay.
  public static let rightsKey = "replay.rights-asked"

  public static func deadQueue(of service: ServiceName) -> String { "\(service.rawValue).dead" }

  public static func retryQueue(of service: ServiceName, after delay: Duration) -> String {
    "\(service.rawValue).retry.\(delay.shortName)"
  }

  /// A generous last resort: we count attempts ourselves, because the broker also counts deliveries
  /// of unrelated messages that were prefetched beside a crash.
  static let deliveryLimit: Int64 = 1000

  /// Everything the services need on the broker.
  ///
  /// - Parameter isRetiring: whether bindings that only services of earlier versions need go.
  public static func topology(retryDelays: [Duration], isRetiring: Bool = false) -> Topology {
    var queues: [Topology.Queue] = []
    var keys: [Topology.Binding] = []
    for (service, routingKeys) in bindings {
      var arguments = quorum(deadLettersTo: deadQueue(of: service))
      arguments["x-delivery-limit"] = .integer(deliveryLimit)
      queues.append(.init(name: deadQueue(of: service), arguments: quorum))
      queues.append(.init(name: service.rawValue, arguments: arguments))
      for delay in retryDelays {
        var retry = quorum(deadLettersTo: service.rawValue)
        retry["x-message-ttl"] = .integer(delay.milliseconds)
        let name = retryQueue(of: service, after: delay)
        queues.append(.init(name: name, arguments: retry))
        keys.append(.init(exchange: exchange, queue: name, routingKey: name))
      }
      // Moved there by the exchange, under the queue's name, because a user who may publish to the
      // default exchange may write into every queue.
      keys.append(
        .init(
          exchange: exchange, queue: deadQueue(of: service), routingKey: deadQueue(of: service)))
      keys += routingKeys.map {
        .init(exchange: exchange, queue: service.rawValue, routingKey: $0)
      }
    }
    return Topology(
      exchanges: [.init(name: exchange, kind: "topic")], queues: queues, bindings: keys,
      retired: isRetiring ? retired : [])
  }

  private static var retired: [Topology.Binding] {
    services.flatMap { service in
      (MessageCatalogue.retiredBindings[service] ?? []).map {
        Topology.Binding(exchange: exchange, queue: service.rawValue, routingKey: $0)
      }
    }
  }

  private static let quorum: [String: HeaderValue] = ["x-queue-type": .string("quorum")]

  /// At-least-once dead-lettering needs all of these together; without one of them the broker
  /// silently falls back to at-most-once.
  private static func quorum(deadLettersTo queue: String) -> [String: HeaderValue] {
    quorum.merging([
      "x-dead-letter-exchange": .string(""),
      "x-dead-letter-routing-key": .string(queue),
      "x-dead-letter-strategy": .string("at-least-once"),
      "x-overflow": .string("reject-publish"),
    ]) { $1 }
  }
}

extension Duration {
  var milliseconds: Int64 {
    components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
  }

  /// `1s`, `10m`, `1h`; milliseconds where it is no whole second.
  var shortName: String {
    let all = milliseconds
    if all % 1000 != 0 { return "\(all)ms" }
    let seconds = all / 1000
    if seconds % 3600 == 0 { return "\(seconds / 3600)h" }
    if seconds % 60 == 0 { return "\(seconds / 60)m" }
    return "\(seconds)s"
  }
}
