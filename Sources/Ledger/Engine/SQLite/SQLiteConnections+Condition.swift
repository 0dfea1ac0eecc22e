extension SQLiteConnections {
  /// Longer than any write but an import takes.
  private static let tried = Duration.seconds(5)

  /// A lock that cannot be had for some seconds is in the way of the next write.
  func condition() async -> StoreCondition {
    if options.runsInline { return .usable }
    let wait = LockWait(atMost: Self.tried)
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        probing.async { [self] in continuation.resume(returning: look(wait)) }
      }
    } onCancel: {
      wait.shorten()
    }
  }

  private func look(_ wait: LockWait) -> StoreCondition {
    guard let found = FileIdentity(path: path) else { return .blocked(FileIdentity.gone(path)) }
    if found != identity { return .replaced(FileIdentity.replaced(path)) }
    // Without it, or with another one, two programs could write at once.
    if !probe.isInPlace { return .replaced(FileIdentity.replaced(probe.path)) }
    do {
      return try probe.withLock(wait) { .usable }
    } catch let error as StoreError {
      return .blocked(error)
    } catch {
      return .blocked(.unreachable("\(path): \(error)"))
    }
  }
}
