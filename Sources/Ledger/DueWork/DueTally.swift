import Billing

/// How much work for later of one kind a service has.
public struct DueTally: Sendable, Equatable {
  public var service: ServiceName
  /// `dueCharge` or `dueGrace`.
  public var kind: EventType
  public var count: Int
  /// Of them, how many are due and not taken up.
  public var overdue: Int
  public var firstAt: Instant

  public init(service: ServiceName, kind: EventType, count: Int, overdue: Int, firstAt: Instant) {
    self.service = service
    self.kind = kind
    self.count = count
    self.overdue = overdue
    self.firstAt = firstAt
  }
}
