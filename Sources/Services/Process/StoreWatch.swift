import Ledger
import ServiceLifecycle

/// Checks once a second whether the ledger can be written to and is still the one that was opened:
/// an idle service would not notice. A replaced file is another ledger, perhaps restored from a
/// backup: the service ends and starts again with it.
struct StoreWatch: Service {
  let condition: @Sendable () async -> StoreCondition
  let health: ServiceHealth
  let rest: @Sendable (Duration) async -> Bool

  private static let interval = Duration.seconds(1)

  func run() async throws {
    try await cancelWhenGracefulShutdown { try await poll() }
  }

  func poll() async throws {
    var isBlocked = false
    repeat {
      isBlocked = try note(await condition(), isBlocked)
    } while await rest(Self.interval) && !Task.isCancelled
  }

  /// Whether it is blocked now.
  private func note(_ condition: StoreCondition, _ wasBlocked: Bool) throws -> Bool {
    switch condition {
    case .usable:
      if wasBlocked { health.findsStore(foundBy: .look) }
      return false
    case .blocked(let why):
      health.missesStore("\(why)", foundBy: .look, next: Self.interval)
      return true
    case .replaced(let why): throw why
    }
  }
}
