import Billing

/// What one user of the broker may do, in RabbitMQ's terms: regular expressions over the names of
/// queues and exchanges, and over the routing keys it may publish to our exchange.
public struct BrokerRights: Sendable, Equatable {
  public var user: String
  public var isFor: String
  public var configure = ""
  public var write = ""
  public var read = ""
  /// Routing keys it may publish to the exchange; `nil`: it publishes nothing.
  public var publishes: String?
  /// RabbitMQ's own tags.
  public var tags: [String] = []
}

extension MonthClose {
  /// One user for each service, which consumes from its own queue and publishes under its own keys,
  /// plus the users of people and other programs. Only the operator may configure.
  public static let users: [BrokerRights] =
    services.map(rights) + [
      BrokerRights(
        user: userName("operator"), isFor: "closectl: topology, audit --deep, resend, payments",
        configure: ours, write: "^(\(exchange)|amq\\.default|\(names))$", read: ours,
        publishes: exact(published(by: .closectl), replays: true)),
      BrokerRights(
        user: userName("replay"), isFor: "closectl dead (MONTHCLOSE_DEAD_BROKER_URL)",
        write: "^\(exchange)$", read: "^(\(serviceNames))\\.dead$",
        publishes: exact([], replays: true)),
      BrokerRights(
        user: userName("trigger"), isFor: "cron, or anything else that starts a close",
        write: "^\(exchange)$", publishes: exact([EventType.closeRequested.routingKey])),
      BrokerRights(
        user: userName("monitor"), isFor: "RabbitMQ's own metrics", tags: ["monitoring"]),
    ]

  static func userName(_ name: String) -> String { "\(exchange)-\(name)" }

  /// The routing keys each service publishes under, besides those that lead to its own delay queues
  /// and dead letters.
  static func published(by service: ServiceName) -> [String] {
    MessageCatalogue.published(by: service).map(\.routingKey)
  }

  private static func rights(of service: ServiceName) -> BrokerRights {
    let own = "\(service.rawValue)\\.(retry\\.[0-9a-z]+|dead)"
    return BrokerRights(
      user: userName(service.rawValue), isFor: "\(service.rawValue)", write: "^\(exchange)$",
      read: "^\(service.rawValue)$",
      publishes: exact(published(by: service), own: own))
  }

  private static func exact(
    _ keys: [String], own: String? = nil, replays: Bool = false
  ) -> String {
    var forms = keys.map { $0.replacing(".", with: "\\.") }
    if let own { forms.append(own) }
    if replays { forms.append("replay\\.(\(serviceNames)|rights-asked)") }
    return "^(\(forms.joined(separator: "|")))$"
  }

  private static var serviceNames: String { services.map(\.rawValue).joined(separator: "|") }
  private static var names: String { "(\(serviceNames))(\\.(retry\\.[0-9a-z]+|dead))?" }
  private static var ours: String { "^(\(exchange)|\(names))$" }
}
