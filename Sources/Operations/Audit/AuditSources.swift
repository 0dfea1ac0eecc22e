import Billing
import Broker
import Ledger
import Payments
import Services

/// The four records an audit compares. They are closures where the source may be simulated.
public struct AuditSources: Sendable {
  public typealias Visit = ([Delivery]) async throws -> Void

  public var ledger: LedgerStore
  /// All charges at the gateway since then, page by page.
  public var charges: ChargeListing
  /// Local parts of the Message-IDs of the mails actually delivered, each as often as it was; `nil`
  /// if only the ledger's record is checked.
  public var deliveredMails: (@Sendable () async throws -> [String])?
  public var depth: @Sendable (_ queue: String) async throws -> QueueDepth?
  /// The contents of a queue, page by page; `nil` if queues are only counted.
  public var browse: (@Sendable (_ queue: String, _ visit: Visit) async throws -> Int)?
  public var retryDelays: [Duration]
  public var clock: LedgerClock

  public init(
    ledger: LedgerStore, charges: @escaping ChargeListing,
    deliveredMails: (@Sendable () async throws -> [String])? = nil,
    depth: @escaping @Sendable (_ queue: String) async throws -> QueueDepth?,
    browse: (@Sendable (_ queue: String, _ visit: Visit) async throws -> Int)? = nil,
    retryDelays: [Duration], clock: LedgerClock
  ) {
    self.ledger = ledger
    self.charges = charges
    self.deliveredMails = deliveredMails
    self.depth = depth
    self.browse = browse
    self.retryDelays = retryDelays
    self.clock = clock
  }

  /// `deep`: reads the messages in the queues, not only their number.
  public init(
    ledger: LedgerStore, gateway: PaymentGateway, broker: any Broker, deep: Bool,
    deliveredMails: (@Sendable () async throws -> [String])? = nil, retryDelays: [Duration],
    clock: LedgerClock
  ) {
    self.init(
      ledger: ledger, charges: gateway.list, deliveredMails: deliveredMails,
      depth: { try await broker.depth(of: $0) }, retryDelays: retryDelays, clock: clock)
    if deep {
      browse = { queue, visit in try await broker.browse(queue, page: 500, visit) }
    }
  }
}

/// Our queues, by service.
struct AuditedQueue: Sendable {
  enum Role: Sendable { case main, retry, dead }
  var service: ServiceName
  var role: Role
  var name: String

  static func all(retryDelays: [Duration]) -> [AuditedQueue] {
    MonthClose.services.flatMap { service in
      [AuditedQueue(service: service, role: .main, name: service.rawValue)]
        + retryDelays.map {
          AuditedQueue(
            service: service, role: .retry, name: MonthClose.retryQueue(of: service, after: $0))
        } + [AuditedQueue(service: service, role: .dead, name: MonthClose.deadQueue(of: service))]
    }
  }
}
