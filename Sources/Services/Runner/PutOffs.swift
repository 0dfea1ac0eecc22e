import Synchronization

/// The messages this process has put off, by id, as long as the copy confirmed by the broker cannot
/// be back yet. Any message with such an id meanwhile is another copy, whose acknowledgement or
/// confirm was lost, and is dropped: otherwise each round of a long outage would double it.
final class PutOffs: Sendable {
  private let waiting = Mutex<[String: Duration]>([:])
  /// A clock that cannot be set.
  private let now: @Sendable () -> Duration

  static let most = 100_000

  init(now: @escaping @Sendable () -> Duration) { self.now = now }

  /// Asked before the copy is published.
  var time: Duration { now() }

  /// Half of the delay, because the broker's clock may differ.
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
