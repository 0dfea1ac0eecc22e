/// The time of one simulation: it passes when nothing else can happen.
///
/// Unchecked, because it belongs to its simulation's one thread.
final class Timeline: @unchecked Sendable {
  private struct Timer {
    var due: Int64
    var number: Int
    /// The pause of a service with nothing to do: the clock need not stop at each of these.
    var isRest: Bool
    var wake: UnsafeContinuation<Void, Never>
  }

  /// Milliseconds since the simulation's beginning.
  private(set) var now: Int64 = 0
  private var timers: [Timer] = []
  private var lastNumber = 0

  func sleep(milliseconds: Int64, isRest: Bool = false) async {
    await withUnsafeContinuation { wake in
      lastNumber += 1
      timers.append(
        Timer(due: now + max(0, milliseconds), number: lastNumber, isRest: isRest, wake: wake))
    }
  }

  /// When somebody who has something to do wakes up next.
  var nextDue: Int64? { timers.lazy.filter { !$0.isRest }.map(\.due).min() }
  var nextRest: Int64? { timers.lazy.filter(\.isRest).map(\.due).min() }
  var sleepers: Int { timers.count }

  /// Moves on and wakes everybody whose time has come, in order of time.
  func advance(to time: Int64) {
    now = max(now, time)
    let due = timers.filter { $0.due <= now }.sorted { ($0.due, $0.number) < ($1.due, $1.number) }
    timers.removeAll { $0.due <= now }
    for timer in due { timer.wake.resume() }
  }

  /// Wakes everybody, whatever the time: nobody is left waiting when a simulation is put away.
  func wakeAll() {
    let all = timers
    timers = []
    for timer in all { timer.wake.resume() }
  }
}
