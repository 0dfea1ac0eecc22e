import Dispatch
import Glibc
import Synchronization

/// A wait for a file lock with a deadline. `flock` has none, and polling would leave the lock idle
/// in between and slow down a busy store. So the thread waits in the kernel, and a signal wakes it
/// when its time is up.
final class LockWait: Sendable {
  let began = SteadyClock.seconds()
  private let end: Mutex<Double>

  init(atMost limit: Duration) {
    end = Mutex(SteadyClock.seconds() + limit.inSeconds)
  }

  var endsAt: Double { end.withLock { $0 } }
  var isOver: Bool { SteadyClock.seconds() >= endsAt }
  var seconds: Int { Int((SteadyClock.seconds() - began).rounded()) }

  /// The caller has no more time. A lock that is busy only for a moment is still worth waiting for:
  /// the data to be written may be the answer of a payment gateway.
  func shorten(to rest: Duration = .seconds(1)) {
    end.withLock { $0 = min($0, SteadyClock.seconds() + rest.inSeconds) }
    LockAlarm.shared.look()
  }

  /// Blocks the thread. 0 when the lock was taken, `EWOULDBLOCK` when the time was up before.
  func lock(_ descriptor: CInt) -> CInt {
    if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return 0 }
    if errno != EWOULDBLOCK && errno != EINTR { return errno }
    return LockAlarm.shared.interrupting(self) {
      while !isOver {
        if flock(descriptor, LOCK_EX) == 0 { return 0 }
        if errno != EINTR { return errno }
      }
      return EWOULDBLOCK
    }
  }
}

/// Wakes threads that wait for a lock longer than they may.
private final class LockAlarm: Sendable {
  static let shared = LockAlarm()

  /// Ignored except while waiting here: it can end no program.
  private static let wakeUp = SIGURG
  /// A signal that arrives just before the thread waits is lost, so it is sent until the thread
  /// returns.
  private static let again = 0.05

  private struct State {
    var waiting: [ObjectIdentifier: (thread: pthread_t, wait: LockWait)] = [:]
    /// When the next check is due; infinite for never.
    var nextLook = Double.infinity
  }
  private let state = Mutex(State())
  private let queue = DispatchQueue(label: "month-close.store.lock-alarm")

  private init() {
    var action = sigaction()
    // Does nothing: a waiting call still ends with EINTR, because it must not be restarted.
    action.__sigaction_handler.sa_handler = { _ in }
    sigaction(Self.wakeUp, &action, nil)
  }

  /// Runs `body` on this thread, which gets the signal once the wait is over, and not afterwards.
  func interrupting(_ wait: LockWait, _ body: () -> CInt) -> CInt {
    var (signals, before) = (sigset_t(), sigset_t())
    sigemptyset(&signals)
    sigaddset(&signals, Self.wakeUp)
    // Dispatch's own threads are deaf to signals.
    pthread_sigmask(SIG_UNBLOCK, &signals, &before)
    state.withLock { $0.waiting[ObjectIdentifier(wait)] = (pthread_self(), wait) }
    schedule(at: wait.endsAt)
    defer {
      _ = state.withLock { $0.waiting.removeValue(forKey: ObjectIdentifier(wait)) }
      pthread_sigmask(SIG_SETMASK, &before, nil)
    }
    return body()
  }

  private func schedule(at time: Double) {
    let isEarlier = state.withLock { state in
      guard time < state.nextLook else { return false }
      state.nextLook = time
      return true
    }
    if !isEarlier { return }
    queue.asyncAfter(deadline: .now() + max(0, time - SteadyClock.seconds())) { self.look() }
  }

  func look() {
    let next = state.withLock { state in
      state.nextLook = .infinity
      let over = state.waiting.values.filter(\.wait.isOver)
      for (thread, _) in over { pthread_kill(thread, Self.wakeUp) }
      if !over.isEmpty { return SteadyClock.seconds() + Self.again }
      return state.waiting.values.map(\.wait.endsAt).min() ?? .infinity
    }
    if next < .infinity { schedule(at: next) }
  }
}

extension Duration {
  var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
