import Billing
import Broker
import Ledger
import Operations
import Services

/// Dead letters by service and reason, beside the figures of a close.
struct DeadTally: Encodable, Equatable {
  struct Count: Encodable, Equatable {
    var service: String
    var reason: String
    var count: Int
  }

  /// Letters beyond those whose headers are read.
  static let unread = "not read"

  var counts: [Count]

  init(_ tally: DeadLetterCounts) {
    counts = tally.counts.sorted { $0.key < $1.key }.map {
      Count(service: $0.key.service.rawValue, reason: $0.key.reason, count: $0.value)
    }
    for service in MonthClose.services {
      guard let more = tally.unread[service] else { continue }
      counts.append(Count(service: service.rawValue, reason: Self.unread, count: more))
    }
  }

  var total: Int { counts.map(\.count).reduce(0, +) }

  /// `  charger: 12 gateway-unknown`
  var lines: [String] {
    counts.map { printable("  \($0.service): \(grouped($0.count)) \($0.reason)") }
  }

  func encode(to encoder: any Encoder) throws { try counts.encode(to: encoder) }
}

/// Asks the broker for dead letters, for commands that go on without one.
struct DeadTallyReader {
  static let consequence = "dead letters are not counted"

  let session: Session

  /// `nil` when the broker cannot be asked.
  func read() async -> DeadTally? {
    guard let broker = await session.brokerIfReachable(otherwise: Self.consequence) else {
      return nil
    }
    do {
      return DeadTally(try await DeadLetterCounts.read(broker))
    } catch {
      await session.noteOnce("\(error); \(Self.consequence)")
      return nil
    }
  }
}
