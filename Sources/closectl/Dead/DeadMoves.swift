import Billing
import Broker
import Ledger
import Operations

/// Turns a selection of dead letters into a manifest and executes it.
struct DeadMoves {
  struct Order {
    var action: DeadLetterAction
    var operatorName: String
    var reason: String
    var selection: String
    var rate: Int?
  }

  private let session: Session
  private let broker: any Broker
  private let store: LedgerStore

  init(_ session: Session) async throws {
    self.session = session
    store = try await session.store()
    broker = try await session.deadBroker()
  }

  // MARK: Before anything moves

  func choose(_ filter: DeadLetterFilter, classes: Set<DeadLetterClass>) async throws
    -> LetterChoice
  {
    let reader = DeadLetterReader(broker: broker, clock: session.clock)
    let letters = try await reader.choose(
      filter,
      DeadLetterClassifier(
        store: store, clock: session.clock, monthsBack: session.settings.monthsBack))
    let missing = (filter.ids ?? []).subtracting(letters.map(\.id)).sorted()
    if !missing.isEmpty {
      throw Problem(
        "there is no dead letter \(missing.joined(separator: ", ")); nothing was moved")
    }
    return LetterChoice(letters, classes: classes)
  }

  /// The id of the event that would replace a letter, or why there can be none.
  func refreshTarget(_ id: String) async throws -> String {
    let reader = DeadLetterReader(broker: broker, clock: session.clock)
    guard let (letter, _) = try await reader.find(id) else {
      throw Problem("there is no dead letter \(id); nothing was moved")
    }
    let refreshing = SnapshotRefresher(store: store, clock: session.clock)
    do {
      let target = try await refreshing.newID(for: letter)
      _ = try await refreshing.event(letter, as: target)
      return target
    } catch let refusal as SnapshotRefresher.Refusal {
      throw Problem("letter \(id) cannot be refreshed: \(refusal); nothing was moved")
    }
  }

  // MARK: Moving

  func carryOut(_ order: Order, _ choice: LetterChoice) async throws -> CommandOutput {
    try await refuseWhileUnfinished()
    if choice.taken.isEmpty { return choice.output(order.action) }
    try await MovingRights(broker: broker).check(
      publishing: order.action != .discard, choice.queues)
    let now = session.clock.now()
    let manifest = Manifest(
      id: Self.newID(order.action, at: now), action: order.action,
      operatorName: order.operatorName, reason: order.reason, selection: order.selection,
      perSecond: order.rate, createdAt: now)
    guard try await store.freeze(manifest, letters: choice.taken.map(\.planned)) else {
      try await refuseWhileUnfinished()
      throw Problem("another manifest was started meanwhile; nothing was moved")
    }
    return choice.output(manifest, try await move(manifest))
  }

  func resume(_ id: String?) async throws -> CommandOutput {
    guard let unfinished = try await store.unfinishedManifest() else {
      guard let id, let finished = try await store.manifest(id) else {
        if let id { throw Problem("there is no manifest \(id)") }
        return LetterChoice([], classes: []).output(nothingToContinue: "nothing is unfinished")
      }
      let at = finished.finishedAt?.rfc3339 ?? ""
      return LetterChoice([], classes: []).output(
        nothingToContinue: "\(finished.id) was already finished at \(at)")
    }
    if let id, id != unfinished.id {
      throw Problem("the unfinished manifest is \(unfinished.id), not \(id)")
    }
    let queues = Set(try await store.letters(of: unfinished.id).map(\.queue))
    try await MovingRights(broker: broker).check(publishing: unfinished.action != .discard, queues)
    return LetterChoice([], classes: []).output(unfinished, try await move(unfinished))
  }

  private func move(_ manifest: Manifest) async throws -> [ManifestLetter] {
    let bar = ProgressBar("\(manifest.action.rawValue)", session.output, counting: "letters")
    defer { bar.finish() }
    let mover = ReplayExecutor(
      store: store, broker: broker, clock: session.clock,
      pause: { duration in
        // A sleep fails only when it is cancelled; then there is nothing to wait for.
        try? await Task.sleep(for: duration)
      },
      progress: { done, all in
        bar.show(FeedProgress(rows: done, part: Double(done) / Double(max(1, all))))
      })
    let unfinished = "manifest \(manifest.id) is unfinished: closectl dead replay --continue"
    do {
      return try await Interruption.saying("stopped; \(unfinished)", session.output) {
        try await mover.carryOut(manifest)
      }
    } catch {
      session.output.noteLine(unfinished)
      throw error
    }
  }

  private func refuseWhileUnfinished() async throws {
    guard let manifest = try await store.unfinishedManifest() else { return }
    throw Problem(
      "\(manifest.action.rawValue) \(manifest.id) by \(manifest.operatorName) is unfinished; "
        + "closectl dead replay --continue finishes it")
  }

  /// `replay-20261203T000000-7f3a`
  private static func newID(_ action: DeadLetterAction, at now: Instant) -> String {
    let time = now.rfc3339.prefix { $0 != "." && $0 != "Z" }.filter { $0 != "-" && $0 != ":" }
    let mark = String(UInt16.random(in: 0x1000 ... .max), radix: 16)
    return "\(action.rawValue)-\(time)-\(mark)"
  }
}
