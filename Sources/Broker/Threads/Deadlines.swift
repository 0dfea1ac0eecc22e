import Endpoints
import Synchronization

/// Runs short closures when their time has come, on a thread of its own, so that a deadline holds
/// even while a connection's thread is stuck in the C library.
final class Deadlines: Sendable {
  static let shared = Deadlines()

  private struct State {
    var last: UInt64 = 0
    var entries: [UInt64: (at: ContinuousClock.Instant, fire: @Sendable () -> Void)] = [:]
    var wakeUp: ContinuousClock.Instant = .now + .seconds(60)
  }
  private let state = Mutex(State())
  private let bell = ThreadInbox<Void>()

  private init() {
    DedicatedThread.start { [self] in run() }
  }

  func schedule(
    at instant: ContinuousClock.Instant, _ fire: @escaping @Sendable () -> Void
  ) -> UInt64 {
    let (id, earlier) = state.withLock { state in
      state.last += 1
      state.entries[state.last] = (instant, fire)
      return (state.last, instant < state.wakeUp)
    }
    if earlier { bell.post(()) }
    return id
  }

  func cancel(_ id: UInt64) {
    // Out of the lock before it is released: what the closure holds may end with it.
    let removed = state.withLock { $0.entries.removeValue(forKey: id) }
    _ = consume removed
  }

  private func run() {
    while true {
      _ = bell.take()
      let (due, wakeUp) = state.withLock { state in
        let now = ContinuousClock.now
        let due = state.entries.filter { $0.value.at <= now }
        for id in due.keys { state.entries[id] = nil }
        state.wakeUp = state.entries.values.map(\.at).min() ?? now + .seconds(60)
        return (due, state.wakeUp)
      }
      for entry in due.values.sorted(by: { $0.at < $1.at }) { entry.fire() }
      bell.sleep(until: wakeUp, descriptor: nil)
    }
  }
}
