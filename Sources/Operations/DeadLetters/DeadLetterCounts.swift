import Billing
import Broker
import Ledger
import Services

/// How many dead letters there are, by service and reason.
public struct DeadLetterCounts: Sendable, Equatable {
  public struct Key: Sendable, Hashable, Comparable {
    public var service: ServiceName
    public var reason: String

    public init(_ service: ServiceName, _ reason: String) {
      self.service = service
      self.reason = reason
    }

    public static func < (left: Key, right: Key) -> Bool {
      (left.place, left.reason) < (right.place, right.reason)
    }

    /// In the order of the work.
    private var place: Int { MonthClose.services.firstIndex(of: service) ?? .max }
  }

  public private(set) var counts: [Key: Int] = [:]
  /// Letters beyond the limit: counted, their reasons not read.
  public private(set) var unread: [ServiceName: Int] = [:]

  public init() {}

  public var total: Int { counts.values.reduce(0, +) + unread.values.reduce(0, +) }

  public mutating func add(_ service: ServiceName, _ reason: String) {
    counts[Key(service, reason), default: 0] += 1
  }

  /// Reads headers, up to `limit` letters per queue, but no bodies. A missing queue has none.
  public static func read(_ broker: any Broker, limit: Int = 20_000) async throws
    -> DeadLetterCounts
  {
    var counts = DeadLetterCounts()
    for service in MonthClose.services {
      let queue = MonthClose.deadQueue(of: service)
      guard let depth = try await broker.depth(of: queue), depth.messages > 0 else { continue }
      var reasons: [String] = []
      do {
        _ = try await broker.browse(queue, page: 500) { page in
          reasons += page.map { DeadLetter.reason($0.headers) }
          if reasons.count >= limit { throw EnoughRead() }
        }
      } catch is EnoughRead {
        if depth.messages > reasons.count {
          counts.unread[service] = depth.messages - reasons.count
        }
      }
      for reason in reasons { counts.add(service, reason) }
    }
    return counts
  }

  private struct EnoughRead: Error {}
}
