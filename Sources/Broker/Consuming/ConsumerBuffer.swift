import DequeModule
import Synchronization

/// Holds a consumer's deliveries until tasks ask for them, bounded by the prefetch. Both brokers
/// use it.
final class ConsumerBuffer: Sendable {
  private struct Waiter {
    var id: UInt64
    var limit: Int
    var linger: Duration
    var lingerEnds: UInt64?
    var lingered = false
    var continuation: CheckedContinuation<[Delivery]?, Never>
  }
  private struct State {
    var deliveries: Deque<Delivery> = []
    /// Handed out and not settled.
    var taken: Set<Delivery.Tag> = []
    var waiters: Deque<Waiter> = []
    var lastWaiter: UInt64 = 0
    var stopped = false
  }
  private typealias HandOver = (waiter: Waiter, deliveries: [Delivery]?)
  private let state = Mutex(State())
  private let prefetch: Int

  init(prefetch: Int) { self.prefetch = prefetch }

  /// `nil` when stopped and empty, or when the asking task is cancelled.
  func next(limit: Int, linger: Duration) async -> [Delivery]? {
    let id = state.withLock { state in
      state.lastWaiter += 1
      return state.lastWaiter
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        update { state in
          state.waiters.append(
            Waiter(id: id, limit: max(1, limit), linger: linger, continuation: continuation))
        }
        if Task.isCancelled { giveUp(id) }
      }
    } onCancel: {
      giveUp(id)
    }
  }

  /// New deliveries, in order.
  func offer(_ deliveries: [Delivery]) {
    if deliveries.isEmpty { return }
    update { $0.deliveries.append(contentsOf: deliveries) }
  }

  /// The deliveries among these tags that were handed out and not settled before.
  func settled(_ settlements: [Settlement]) -> [Settlement] {
    state.withLock { state in settlements.filter { state.taken.remove($0.tag) != nil } }
  }

  /// The connection is gone: its deliveries will be delivered again.
  func forgetAll() {
    update { state in
      state.deliveries = []
      state.taken = []
    }
  }

  /// Ends the buffer and returns the deliveries that nobody took, for the queue.
  @discardableResult
  func stop() -> [Delivery] {
    var rest: [Delivery] = []
    update { state in
      rest = Array(state.deliveries)
      state.deliveries = []
      state.stopped = true
    }
    return rest
  }

  private func giveUp(_ id: UInt64) {
    let waiter = state.withLock { state -> Waiter? in
      guard let index = state.waiters.firstIndex(where: { $0.id == id }) else { return nil }
      return state.waiters.remove(at: index)
    }
    guard let waiter else { return }
    if let timer = waiter.lingerEnds { Deadlines.shared.cancel(timer) }
    waiter.continuation.resume(returning: nil)
  }

  private func lingerEnded(_ id: UInt64) {
    update { state in
      guard let index = state.waiters.firstIndex(where: { $0.id == id }) else { return }
      state.waiters[index].lingered = true
    }
  }

  /// Changes the state, then hands over what is due; continuations run outside the lock.
  private func update(_ change: (inout State) -> Void) {
    let ready = state.withLock { state -> [HandOver] in
      change(&state)
      return serve(&state)
    }
    for (waiter, deliveries) in ready {
      if let timer = waiter.lingerEnds { Deadlines.shared.cancel(timer) }
      waiter.continuation.resume(returning: deliveries)
    }
  }

  private func serve(_ state: inout State) -> [HandOver] {
    var ready: [HandOver] = []
    while let waiter = state.waiters.first {
      if state.deliveries.isEmpty {
        guard state.stopped else { break }
        ready.append((state.waiters.removeFirst(), nil))
        continue
      }
      // With the prefetch used up nothing more can come, so there is nothing to linger for.
      let count = state.deliveries.count
      let full = count >= waiter.limit || state.taken.count + count >= prefetch
      if !full, !state.stopped, !waiter.lingered, waiter.linger > .zero {
        if waiter.lingerEnds == nil {
          state.waiters[0].lingerEnds = Deadlines.shared.schedule(at: .now + waiter.linger) {
            [weak self] in self?.lingerEnded(waiter.id)
          }
        }
        break
      }
      let batch = Array(state.deliveries.prefix(waiter.limit))
      state.deliveries.removeFirst(batch.count)
      for delivery in batch { state.taken.insert(delivery.tag) }
      ready.append((state.waiters.removeFirst(), batch))
    }
    return ready
  }
}
