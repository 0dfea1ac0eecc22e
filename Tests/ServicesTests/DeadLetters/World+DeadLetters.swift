import Billing
import Broker
import Ledger
import Synchronization

@testable import Operations
@testable import Services

/// A process that ends where it is told to.
struct Killed: Error {}

/// 0, 1, 2 …
final class Counter: Sendable {
  private let count = Mutex(0)

  func next() -> Int {
    count.withLock { count in
      defer { count += 1 }
      return count
    }
  }
}

extension World {
  /// A close of accounts whose charges are all dead letters: the gateway was away for too long.
  static func withDeadCharges(_ accounts: [String]) async throws -> World {
    let world = try await World(accounts: accounts.map { .test($0) })
    for account in accounts { world.gateway.script(account, .lost, .lost, .lost) }
    try await world.trigger()
    for _ in 0...World.retryDelays.count {
      try await world.run()
      world.advance(seconds: 11)
    }
    return world
  }

  var classifier: DeadLetterClassifier { DeadLetterClassifier(store: store, clock: clock) }

  var reader: DeadLetterReader {
    DeadLetterReader(broker: broker.anotherConnection(), clock: clock)
  }

  func choose(_ filter: DeadLetterFilter = DeadLetterFilter()) async throws -> [ChosenDeadLetter] {
    try await reader.choose(filter, classifier)
  }

  func mover(_ atStep: @escaping @Sendable (ReplayExecutor.Step) throws -> Void = { _ in })
    -> ReplayExecutor
  {
    ReplayExecutor(
      store: store, broker: broker.anotherConnection(), clock: clock, pause: { _ in },
      atStep: atStep)
  }

  func freeze(
    _ id: String, _ letters: [ChosenDeadLetter], _ action: DeadLetterAction = .replay
  ) async throws -> Manifest {
    let manifest = Manifest(
      id: id, action: action, operatorName: "anna", reason: "test", selection: "all",
      createdAt: clock.now())
    guard try await store.freeze(manifest, letters: letters.map(\.planned)) else {
      throw StoreError.invalid("another manifest is unfinished")
    }
    return manifest
  }

  /// Replays what is still needed; how many letters left.
  @discardableResult
  func replay(_ id: String) async throws -> Int {
    let needed = try await choose().filter { $0.classification.letterClass == .needed }
    let moved = try await mover().carryOut(try await freeze(id, needed))
    return moved.count { $0.state == .removed }
  }

  func dead(_ service: ServiceName) -> [OutgoingMessage] {
    broker.messages(in: MonthClose.deadQueue(of: service))
  }

  /// Puts a message among the dead letters, as it may come again.
  func putBack(_ message: OutgoingMessage, _ service: ServiceName) async {
    var message = message
    message.exchange = ""
    message.routingKey = MonthClose.deadQueue(of: service)
    _ = await broker.publish([message])
  }

  func records(_ letters: [ChosenDeadLetter]) async throws -> [Int] {
    var counts: [Int] = []
    for letter in letters {
      counts.append(
        try await store.deadLetterRecords(letter: letter.id, messageID: "").count)
    }
    return counts
  }
}
