import Synchronization

/// Finished items, in the order in which they finish, handed over in groups. They are added on any
/// thread; one task takes them.
final class Arrivals<Element: Sendable>: Sendable {
  private struct State {
    var elements: [Element] = []
    var waiting: CheckedContinuation<Void, Never>?
  }

  private let state = Mutex(State())

  func add(_ element: Element) {
    let waiting = state.withLock { state in
      state.elements.append(element)
      return state.waiting.take()
    }
    waiting?.resume()
  }

  /// Waits for a first one, then a moment for more, and takes all of them.
  func take(after moment: () async -> Void) async -> [Element] {
    await withCheckedContinuation { continuation in
      let isThere = state.withLock { state in
        if state.elements.isEmpty { state.waiting = continuation }
        return !state.elements.isEmpty
      }
      if isThere { continuation.resume() }
    }
    await moment()
    return state.withLock { state in
      defer { state.elements = [] }
      return state.elements
    }
  }
}
