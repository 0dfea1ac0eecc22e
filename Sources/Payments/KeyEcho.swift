import Synchronization

/// Whether the gateway has answered with the idempotency key it was given, as Stripe does. A
/// gateway that never does may treat every request as new.
final class KeyEcho: Sendable {
  private let heard = Mutex(false)

  var wasHeard: Bool { heard.withLock { $0 } }

  func note() { heard.withLock { $0 = true } }
}
