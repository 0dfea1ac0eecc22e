import Billing
import Ledger
import Synchronization

/// What a service works with: the shared store, the time, and the loop behind every decision: read
/// the facts, decide, commit; if the ledger moved in between, read and decide again.
public struct LedgerSession: Sendable {
  public let service: ServiceName
  public let store: LedgerStore
  public let clock: LedgerClock
  /// Notified of this process's position in the work.
  let crashPoint: CrashPoint.Observer
  /// `nil`: nothing is measured.
  let metrics: ServiceMetrics?
  /// Numbers of events the broker has confirmed, waiting for the next commit to record them.
  private let confirmed = ConfirmedEvents()

  public init(
    service: ServiceName, store: LedgerStore, clock: LedgerClock,
    crashPoint: @escaping CrashPoint.Observer = { _ in }
  ) {
    self.init(service: service, store: store, clock: clock, crashPoint: crashPoint, metrics: nil)
  }

  package init(
    service: ServiceName, store: LedgerStore, clock: LedgerClock,
    crashPoint: @escaping CrashPoint.Observer = { _ in }, metrics: ServiceMetrics?
  ) {
    self.service = service
    self.store = store
    self.clock = clock
    self.crashPoint = crashPoint
    self.metrics = metrics
  }

  public var source: String { "/\(service.rawValue)" }

  /// Commits, and records with it which events the broker has confirmed meanwhile.
  public func commit(_ changes: [Change]) async throws -> [CommitOutcome] {
    let numbers = confirmed.take()
    do {
      crashPoint(.beforeCommit)
      let start = metrics.map { _ in ContinuousClock.now }
      let outcomes = try await store.commit(changes, published: numbers)
      crashPoint(.committed)
      if let start, let metrics {
        metrics.commit.record(since: start)
        metrics.count(changes, outcomes)
      }
      return outcomes
    } catch {
      confirmed.add(numbers)
      if error is StoreError { metrics?.faults.increment() }
      throw error
    }
  }

  /// The broker has confirmed these events: the next commit records it.
  func confirm(_ numbers: [Int64]) { confirmed.add(numbers) }

  /// Records confirmed events if no other commit does so.
  public func recordConfirmed() async throws {
    if !confirmed.isEmpty { _ = try await commit([]) }
  }

  /// A change that is in the ledger, by this commit or because the message was already answered.
  struct Committed: Sendable {
    /// The events it made, still to be published.
    var events: [StoredEvent]
    /// True: nothing was written now.
    var wasAnswered: Bool
  }

  /// What to do with one item once its facts are read.
  enum Plan<Result: Sendable>: Sendable {
    /// Commit this; what the ledger says of it gives the result.
    case commit(Change, then: @Sendable (Committed) -> Result)
    /// Nothing is to be written.
    case end(Result)
  }

  /// Two messages about one account in one batch are decided one after the other: the second finds
  /// the ledger moved and is decided again on the state the first one left.
  public static let roundLimit = 12

  func decideAndCommit<Item: Sendable, Result: Sendable>(
    _ items: [Item], about key: (Item) -> FactKey,
    plan: (Item, AccountFacts?) throws -> Plan<Result>
  ) async throws -> [Result] {
    try await decideAndCommit(
      items, about: key, alongside: { _, _ in }, plan: { item, facts, _ in try plan(item, facts) })
  }

  /// `read`: other data the decision needs for these items and their facts; read again with them
  /// whenever the ledger has moved.
  func decideAndCommit<Item: Sendable, Also, Result: Sendable>(
    _ items: [Item], about key: (Item) -> FactKey,
    alongside read: ([Item], [AccountFacts?]) async throws -> Also,
    plan: (Item, AccountFacts?, Also) throws -> Plan<Result>
  ) async throws -> [Result] {
    try await inRounds(items) { items in
      let facts = try await store.facts(for: items.map(key))
      let also = try await read(items, facts)
      return try zip(items, facts).map { try plan($0, $1, also) }
    }
  }

  /// For what was decided on facts read before, and depends on no others.
  func commitDecided<Item: Sendable, Result: Sendable>(
    _ items: [Item], plan: (Item) throws -> Plan<Result>
  ) async throws -> [Result] {
    try await inRounds(items) { try $0.map(plan) }
  }

  private func inRounds<Item: Sendable, Result: Sendable>(
    _ items: [Item], _ plans: ([Item]) async throws -> [Plan<Result>]
  ) async throws -> [Result] {
    var results = [Result?](repeating: nil, count: items.count)
    var open = Array(items.indices)
    for _ in 0..<Self.roundLimit where !open.isEmpty {
      var changes: [Change] = []
      var committing: [(index: Int, then: @Sendable (Committed) -> Result)] = []
      for (index, plan) in zip(open, try await plans(open.map { items[$0] })) {
        switch plan {
        case .end(let result): results[index] = result
        case .commit(let change, let then):
          changes.append(change)
          committing.append((index, then))
        }
      }
      open = []
      if changes.isEmpty { break }
      for (slot, outcome) in zip(committing, try await commit(changes)) {
        switch outcome {
        case .committed(let events):
          results[slot.index] = slot.then(Committed(events: events, wasAnswered: false))
        case .alreadyDone(let events):
          results[slot.index] = slot.then(Committed(events: events, wasAnswered: true))
        case .stale: open.append(slot.index)
        }
      }
    }
    let settled = results.compactMap { $0 }
    guard settled.count == items.count else { throw ContentionError(items: open.count) }
    return settled
  }
}

extension LedgerSession.Plan {
  func map<Other>(_ transform: @escaping @Sendable (Result) -> Other) -> LedgerSession.Plan<Other> {
    switch self {
    case .commit(let change, let then): .commit(change, then: { transform(then($0)) })
    case .end(let result): .end(transform(result))
    }
  }
}

/// The ledger kept changing under some messages of a batch; processed alone they succeed.
public struct ContentionError: Error, CustomStringConvertible {
  var items: Int

  public init(items: Int) { self.items = items }

  public var description: String { "the ledger kept changing under \(items) messages of the batch" }
}

/// If its numbers are lost, the same events are published again, and consumers recognise them by
/// their ids.
private final class ConfirmedEvents: Sendable {
  private let numbers = Mutex<[Int64]>([])

  var isEmpty: Bool { numbers.withLock(\.isEmpty) }

  func add(_ more: [Int64]) {
    numbers.withLock { $0 += more }
  }

  func take() -> [Int64] {
    numbers.withLock { all in
      defer { all = [] }
      return all
    }
  }
}
