import Synchronization

/// Whether the gateway has answered with the idempotency key it was given, as Stripe does. One that
/// never did may take every request for a new one.
final class KeyEcho: Sendable {
  private let heard = Mutex(false)

  var wasHeard: Bool { heard.withLock { $0 } }

  func note() { heard.withLock { $0 = true } }
}
