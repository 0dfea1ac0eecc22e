import Synchronization

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

  /// Whatever has no result yet gets this one.
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
