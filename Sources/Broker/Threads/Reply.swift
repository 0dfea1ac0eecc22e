import Synchronization

/// One answer from a connection's thread to a waiting caller. The first answer counts; a deadline
/// supplies one if nothing else does.
final class Reply<Value: Sendable>: Sendable {
  typealias Answer = Result<Value, BrokerError>
  private struct State {
    var answer: Answer?
    var continuation: CheckedContinuation<Answer, Never>?
  }
  private let state = Mutex(State())

  func resolve(_ answer: Answer) {
    let continuation = state.withLock { state -> CheckedContinuation<Answer, Never>? in
      guard state.answer == nil else { return nil }
      state.answer = answer
      defer { state.continuation = nil }
      return state.continuation
    }
    continuation?.resume(returning: answer)
  }

  /// Waits for the answer. `what` is named in the error if there is none in time.
  func value(within limit: Duration, _ what: String) async throws(BrokerError) -> Value {
    let deadline = Deadlines.shared.schedule(at: .now + limit) { [self] in
      resolve(.failure(.timedOut("\(what), after \(limit)")))
    }
    defer { Deadlines.shared.cancel(deadline) }
    let answer = await withCheckedContinuation { continuation in
      let early = state.withLock { state -> Answer? in
        if state.answer == nil { state.continuation = continuation }
        return state.answer
      }
      if let early { continuation.resume(returning: early) }
    }
    return try answer.get()
  }
}
