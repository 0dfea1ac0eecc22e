import DequeModule
import Synchronization

/// Messages that wait to be written, in the order in which they were handed in.
struct PublishQueue {
  private var batches: Deque<PublishBatch> = []
  /// The next message of the first batch.
  private var index = 0

  var isEmpty: Bool { batches.isEmpty }

  mutating func append(_ batch: PublishBatch) {
    if !batch.messages.isEmpty { batches.append(batch) }
  }

  /// The next message that still waits for a result; its deadline may have ended before it was
  /// written.
  mutating func next() -> (PublishBatch, Int)? {
    while let batch = batches.first {
      defer { advance(batch) }
      if batch.isOpen(index) { return (batch, index) }
    }
    return nil
  }

  /// Forgets batches whose deadline ended, so that nothing piles up while nothing can be written.
  mutating func dropFinished() {
    while let batch = batches.first, batch.isFinished {
      batches.removeFirst()
      index = 0
    }
  }

  /// Gives results to messages that wait here; for `nil`, one keeps waiting.
  func resolveAll(_ result: (OutgoingMessage) -> PublishResult?) {
    for (place, batch) in batches.enumerated() {
      for index in (place == 0 ? self.index : 0)..<batch.messages.count {
        if let result = result(batch.messages[index]) { batch.resolve(index, result) }
      }
    }
  }

  private mutating func advance(_ batch: PublishBatch) {
    index += 1
    guard index == batch.messages.count else { return }
    index = 0
    batches.removeFirst()
  }
}

/// The messages of one `publish` call, and their results as they come in. The connection's thread
/// and the deadline both write results; the first for a message counts.
final class PublishBatch: Sendable {
  private struct State {
    var results: [PublishResult?]
    var open: Int
    var continuation: CheckedContinuation<[PublishResult], Never>?
  }
  let messages: [OutgoingMessage]
  private let state: Mutex<State>

  init(_ messages: [OutgoingMessage]) {
    self.messages = messages
    state = Mutex(
      State(results: Array(repeating: nil, count: messages.count), open: messages.count))
  }

  var isFinished: Bool { state.withLock { $0.open == 0 } }

  func isOpen(_ index: Int) -> Bool { state.withLock { $0.results[index] == nil } }

  func resolve(_ index: Int, _ result: PublishResult) {
    finish { state in
      guard state.results[index] == nil else { return }
      state.results[index] = result
      state.open -= 1
    }
  }

  /// Gives this result to every message that has none.
  func resolveRest(_ result: PublishResult) {
    finish { state in
      state.results = state.results.map { $0 ?? result }
      state.open = 0
    }
  }

  func results() async -> [PublishResult] {
    await withCheckedContinuation { continuation in
      finish { $0.continuation = continuation }
    }
  }

  private func finish(_ change: (inout State) -> Void) {
    let done = state.withLock {
      state -> (CheckedContinuation<[PublishResult], Never>, [PublishResult])? in
      change(&state)
      guard state.open == 0, let continuation = state.continuation else { return nil }
      state.continuation = nil
      return (continuation, state.results.map { $0 ?? .unknown("no result") })
    }
    if let (continuation, results) = done { continuation.resume(returning: results) }
  }
}
