import Billing
import Broker
import Ledger
import Services

/// Executes a manifest from wherever it stands: first the audit row, then the publish, then its
/// confirm; only then does the letter leave the dead letters. After a kill at any point, the next
/// run continues from the ledger; a message that may have been published twice has the same id.
public struct ReplayExecutor: Sendable {
  /// Points at which tests kill it.
  public enum Step: String, Sendable, CaseIterable {
    case found, recorded, published, marked, passed
  }

  let store: LedgerStore
  let broker: any Broker
  let clock: LedgerClock
  let pause: @Sendable (Duration) async -> Void
  let progress: @Sendable (_ done: Int, _ of: Int) -> Void
  let atStep: @Sendable (Step) throws -> Void

  public init(
    store: LedgerStore, broker: any Broker, clock: LedgerClock,
    pause: @escaping @Sendable (Duration) async -> Void,
    progress: @escaping @Sendable (_ done: Int, _ of: Int) -> Void = { _, _ in },
    atStep: @escaping @Sendable (Step) throws -> Void = { _ in }
  ) {
    self.store = store
    self.broker = broker
    self.clock = clock
    self.pause = pause
    self.progress = progress
    self.atStep = atStep
  }

  /// The broker returns the messages held by an earlier read a moment after that read ended.
  private static let passes = 5
  private static let page = 200

  /// Returns the manifest's letters in their final state.
  public func carryOut(_ manifest: Manifest) async throws -> [ManifestLetter] {
    let progress = ManifestProgress(try await store.letters(of: manifest.id))
    for queue in progress.openQueues {
      try await empty(queue, manifest, progress)
    }
    try atStep(.passed)
    try await settle(manifest, progress)
    return progress.all
  }

  /// A lost connection, or one the broker ended because a slow replay held letters for longer than
  /// it allows, does not stop the replay as long as letters move.
  private func empty(
    _ queue: String, _ manifest: Manifest, _ progress: ManifestProgress
  ) async throws {
    var passes = 0
    while passes < Self.passes, progress.isOpen(queue) {
      if passes > 0 { await pause(.milliseconds(300)) }
      let moved = progress.moved
      do {
        try await pass(queue, manifest, progress)
        passes += 1
      } catch is BrokerError where progress.moved > moved {
        passes = 1
      }
    }
  }

  // MARK: A pass over one queue

  private func pass(
    _ queue: String, _ manifest: Manifest, _ progress: ManifestProgress
  ) async throws {
    guard let service = MonthClose.services.first(where: { MonthClose.deadQueue(of: $0) == queue })
    else { return }
    try await DeadLetterReader.waitForOthers(queue, broker)
    let page = max(1, min(manifest.perSecond ?? Self.page, Self.page))
    _ = try await broker.sift(queue, page: page) { deliveries in
      let letters = deliveries.map { DeadLetter($0, of: service) }
      let plan = ReplayPlan(letters, rows: progress.rows, action: manifest.action)
      return try await move(plan, manifest, progress)
    }
    // The connection is closed in good order: what was acknowledged is gone.
    try await progress.take(.published, to: .removed, in: queue) {
      try await store.mark($0, of: manifest.id, as: .removed)
    }
  }

  private func move(
    _ plan: ReplayPlan, _ manifest: Manifest, _ progress: ManifestProgress
  ) async throws -> [Delivery.Tag] {
    if plan.removing.isEmpty { return [] }
    try atStep(.found)
    let now = clock.now()
    try await store.record(
      plan.recording.compactMap { letter in
        progress.rows[letter.id].map { DeadLetterRecord(letter, $0, of: manifest, at: now) }
      })
    try atStep(.recorded)
    try await publish(plan.publishing, manifest, progress)
    try atStep(.published)
    let moved = Set(plan.removing.map(\.id))
    try await store.mark(Array(moved), of: manifest.id, as: .published)
    progress.set(moved, .published)
    try atStep(.marked)
    self.progress(progress.moved, progress.count)
    if let perSecond = manifest.perSecond, !plan.publishing.isEmpty {
      await pause(.seconds(1) * plan.publishing.count / max(1, perSecond))
    }
    return plan.removing.map(\.delivery.tag)
  }

  /// All are confirmed, or no letter of this page leaves the dead letters.
  private func publish(
    _ letters: [DeadLetter], _ manifest: Manifest, _ progress: ManifestProgress
  ) async throws {
    if letters.isEmpty { return }
    let results: [PublishResult]
    switch manifest.action {
    case .replay:
      try await ReplayedAttempts(store: store, clock: clock).reopen(letters, under: manifest)
      results = await broker.publish(letters.map { $0.replayed(under: manifest) })
    case .refresh: results = try await publishRefreshed(letters, progress)
    case .discard: return
    }
    for (letter, result) in zip(letters, results) where result != .confirmed {
      throw NotReplayed(letter: letter.id, target: letter.replayTarget, result: result)
    }
  }

  private func publishRefreshed(
    _ letters: [DeadLetter], _ progress: ManifestProgress
  ) async throws -> [PublishResult] {
    let refreshing = SnapshotRefresher(store: store, clock: clock)
    var results: [PublishResult] = []
    for letter in letters {
      let id = progress.rows[letter.id]?.target ?? ""
      guard let event = try await refreshing.commit(letter, as: id) else {
        results.append(.confirmed)
        continue
      }
      let result = await broker.publish([event.message])[0]
      if result == .confirmed {
        _ = try await store.commit([], published: [event.sequence])
      }
      results.append(result)
    }
    return results
  }

  // MARK: The end

  private func settle(_ manifest: Manifest, _ progress: ManifestProgress) async throws {
    for state in [ManifestLetter.State.planned, .recorded] {
      try await progress.take(state, to: .absent, in: nil) {
        try await store.mark($0, of: manifest.id, as: .absent)
      }
    }
    try await store.finish(manifest.id, at: clock.now())
  }
}

/// A letter stays where it is: its publish was not confirmed.
public struct NotReplayed: Error, CustomStringConvertible {
  public var letter: String
  public var target: String
  public var result: PublishResult

  public var description: String {
    "\(target) did not accept letter \(letter), which stays where it is: \(result.why)"
  }
}
