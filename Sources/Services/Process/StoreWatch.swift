import Ledger
import ServiceLifecycle

/// Looks once a second whether the ledger can be written to and is still the one that was opened: a
/// service with nothing to do would not notice. One that was replaced is another ledger, restored
/// from a backup perhaps: the service ends, and begins anew with what is there.
struct StoreWatch: Service {
  let condition: @Sendable () async -> StoreCondition
  let health: ServiceHealth
  let rest: @Sendable (Duration) async -> Bool

  private static let interval = Duration.seconds(1)

  func run() async throws {
    try await cancelWhenGracefulShutdown { try await looks() }
  }

  func looks() async throws {
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
