import Synchronization

/// The messages this process has put off, by id, as long as the copy that the broker confirmed
/// cannot be back yet. Whatever comes with such an id meanwhile is another copy - one whose
/// acknowledgement was lost, or whose confirm was - and is dropped: in a long outage every round
/// would double it otherwise.
final class PutOffs: Sendable {
  private let waiting = Mutex<[String: Duration]>([:])
  /// A clock that nobody sets.
  private let now: @Sendable () -> Duration

  static let most = 100_000

  init(now: @escaping @Sendable () -> Duration) { self.now = now }

  /// Asked before the copy is published.
  var time: Duration { now() }

  /// Half of the delay: the broker's clock is another one.
  func add(_ id: String, for delay: Duration, since begun: Duration) {
    waiting.withLock { waiting in
      if waiting.count >= Self.most {
        let now = now()
        waiting = waiting.filter { $0.value > now }
      }
      if waiting.count < Self.most { waiting[id] = begun + delay / 2 }
    }
  }

  func isAnotherCopy(_ id: String?) -> Bool {
    guard let id else { return false }
    return waiting.withLock { waiting in
      guard let until = waiting[id] else { return false }
      if now() < until { return true }
      waiting[id] = nil
      return false
    }
  }
}
