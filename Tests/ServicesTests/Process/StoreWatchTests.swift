import Ledger
import Synchronization
import Testing

@testable import Services

@Suite struct StoreWatchTests {
  /// A ledger in memory that is in one condition after the other.
  private final class Polls: Sendable {
    let left: Mutex<[StoreCondition]>
    let missing = Mutex<[String?]>([])

    init(_ conditions: [StoreCondition]) { left = Mutex(conditions) }
  }

  private func watch(_ conditions: [StoreCondition]) async throws -> [String?] {
    let polls = Polls(conditions)
    let health = ServiceHealth()
    let watch = StoreWatch(
      condition: { polls.left.withLock { $0.removeFirst() } }, health: health,
      rest: { _ in
        // Reading goes on meanwhile, and work that succeeds does not hide it.
        health.has(.store)
        let why = await health.report().missing[.store]
        polls.missing.withLock { $0.append(why) }
        return polls.left.withLock { !$0.isEmpty }
      })
    try await watch.poll()
    return polls.missing.withLock { $0 }
  }

  private let gone = StoreError.unreachable("gone")

  @Test func `Blocked store is missing until it is usable`() async throws {
    let missing = try await watch([.usable, .blocked(gone), .blocked(gone), .usable])
    #expect(missing == [nil, "\(gone)", "\(gone)", nil])
  }

  @Test func `Replaced store ends the service`() async {
    await #expect(throws: gone) { try await watch([.usable, .replaced(gone)]) }
  }
}
