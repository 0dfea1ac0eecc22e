import Billing
import Broker
import Ledger
import Logging

/// What a service does with its messages, and beside them.
public protocol MessageHandler: Sendable {
  /// One outcome per job, in order. Throws only for faults that do not belong to a single message.
  func work(_ jobs: [Job]) async throws -> [Outcome]
  /// Every second beside its queue; returns the resulting events.
  func maintain() async throws -> [StoredEvent]
  /// Whose left-over events it publishes besides its own: those of programs that do not keep
  /// running.
  var relays: [ServiceName] { get }
}

extension MessageHandler {
  public func maintain() async throws -> [StoredEvent] { [] }
  public var relays: [ServiceName] { [] }
}

/// A service whose due work becomes messages.
public protocol DueWorkHandler: MessageHandler {
  func announceDue(_ work: DueWork, _ facts: AccountFacts) throws -> OutgoingEvent
}

/// The path of a message, the same for every service: from deliveries to settlements.
///
/// Everything acknowledged was committed before, and everything committed is either confirmed by
/// the broker or still recorded as unpublished. The acknowledgement comes last.
public struct Runner: Sendable {
  let handler: any MessageHandler
  let session: LedgerSession
  let outbox: Outbox
  let retryPolicy: RetryPolicy
  let counters: RunCounters
  let logger: Logger
  /// How long to wait before retrying something that is down; ends early when stopping.
  let pause: @Sendable (Duration) async -> Bool
  let health: ServiceHealth
  /// How long a batch may take before the process counts as hanging.
  let batchDeadline: Duration
  /// `nil`: each copy is processed.
  let putOffs: PutOffs?
  let log: RunnerLog

  init(
    handler: any MessageHandler, session: LedgerSession, outbox: Outbox, retryPolicy: RetryPolicy,
    counters: RunCounters, logger: Logger,
    pause: @escaping @Sendable (Duration) async -> Bool,
    health: ServiceHealth = ServiceHealth(), batchDeadline: Duration = .seconds(900),
    putOffs: PutOffs? = nil
  ) {
    self.handler = handler
    self.session = session
    self.outbox = outbox
    self.retryPolicy = retryPolicy
    self.counters = counters
    self.logger = logger
    self.pause = pause
    self.health = health
    self.batchDeadline = batchDeadline
    self.putOffs = putOffs
    self.log = RunnerLog(logger)
  }

  /// Settles each delivery as soon as its own outcome is complete; none waits for a neighbour held
  /// back by an outage.
  public func work(
    _ batch: [Delivery], settle: @Sendable ([Settlement]) async -> Void
  ) async {
    session.crashPoint(.taken)
    let measured = BatchMeasures(session.metrics, batch.count)
    let ticket = health.begins(
      "a batch of \(batch.count) messages", messages: batch.count, limit: batchDeadline)
    defer { health.ended(ticket) }
    let settle: @Sendable ([Settlement]) async -> Void = {
      await settle($0)
      measured.settled($0)
    }
    let (jobs, refused) = decode(batch)
    measured.ages(of: jobs, at: session.clock)
    let (fresh, answered) = await recognise(jobs, ticket)
    await end(await complete(answered + refused), by: settle)
    var waiting = fresh
    var backoff = Backoff.ofService
    while !waiting.isEmpty {
      health.heard(ticket)
      let results = await attempt(waiting)
      let next = backoff.next()
      note(results, next)
      await end(await complete(results.filter { !$0.isHeld }), by: settle)
      let held = results.filter(\.isHeld)
      waiting = held.compactMap(\.job)
      guard let first = held.first else { break }
      if let fault = first.outcome.fault {
        session.metrics?.pauses.add(1, fault.reason.rawValue)
      }
      if !(await pause(next)) { break }
    }
    await end(waiting.map { Settlement($0.delivery.tag, .requeue) }, by: settle)
  }

  /// Commits are published, failed messages are moved, and only then are deliveries settled.
  private func complete(_ results: [DeliveryResult]) async -> [Settlement] {
    await outbox.publish(results.flatMap(\.events))
    let failed = results.filter { !$0.isDone && !$0.isHeld }
    let moved = await move(failed)
    // A message with nowhere to go returns to its queue, and must not come back at once.
    if moved.count < failed.count { _ = await pause(.seconds(1)) }
    return settlements(results, moved)
  }

  private func end(
    _ settlements: [Settlement], by settle: @Sendable ([Settlement]) async -> Void
  ) async {
    if settlements.isEmpty { return }
    session.crashPoint(.beforeAck)
    await settle(settlements)
    session.crashPoint(.acknowledged)
  }

  /// Records that the store blocks the batch. A processed batch proves that the store is up. For
  /// the charge history `GatewayMemory` does this, since only a walk can tell.
  private func note(_ results: [DeliveryResult], _ next: Duration) {
    let held = results.filter(\.isHeld)
    let faults = held.lazy.compactMap(\.outcome.fault)
    if let fault = faults.first(where: { $0.reason.part == .store }) {
      health.missesStore(fault.explanation, next: next)
    } else {
      health.findsStore()
    }
    if let fault = faults.first(where: { $0.reason.part == .chargeHistory }) {
      log.pauses(fault, waiting: held.count, next: next)
    } else if !health.isMissing(.chargeHistory) {
      log.goesOn()
    }
  }

  // MARK: Steps

  /// A message that cannot be decoded, or that arrived where it was not sent, becomes a dead letter
  /// with the reason.
  private func decode(_ batch: [Delivery]) -> (jobs: [Job], refused: [DeliveryResult]) {
    let admission = Admission(service: session.service, user: outbox.broker.user)
    var jobs: [Job] = []
    var refused: [DeliveryResult] = []
    for delivery in batch {
      switch admission.job(from: delivery) {
      case .admitted(let job): jobs.append(job)
      case .refused(let fault): refused.append(.refused(delivery, fault))
      }
    }
    return (jobs, refused)
  }

  /// A message is a hint until the ledger confirms that it was committed. Then idempotency: a
  /// message already answered is not decided again; only events it made that are not known to be
  /// published are published again.
  private func recognise(
    _ jobs: [Job], _ ticket: Int
  ) async -> (fresh: [Job], answered: [DeliveryResult]) {
    guard let known = await reading(ticket, { try await recognitions(of: jobs) }) else {
      return ([], jobs.map { .processed($0, .hold(.stopped)) })
    }
    var fresh: [Job] = []
    var answered: [DeliveryResult] = []
    var seen: Set<String> = []
    for (job, recognition) in zip(jobs, known) {
      switch recognition {
      case .answered(let events): answered.append(.processed(job, .done(events)))
      case .notCommitted(let why):
        answered.append(.processed(job, .dead(Fault(why, of: job.type))))
      case .fresh where !seen.insert(job.event.id).inserted:
        answered.append(.processed(job, .done([])))  // The first copy answers for both.
      // Its copy in a delay queue answers for both.
      case .fresh where isAnotherCopy(job):
        answered.append(.processed(job, .done([])))
      case .fresh: fresh.append(job)
      }
    }
    return (fresh, answered)
  }

  /// A message an operator sent again is processed: the copy that was put off may be the lost one.
  private func isAnotherCopy(_ job: Job) -> Bool {
    job.delivery.routingKey != MonthClose.replayKey(of: session.service)
      && putOffs?.isAnotherCopy(job.delivery.messageID) == true
  }

  private func recognitions(of jobs: [Job]) async throws -> [Recognition] {
    if jobs.isEmpty { return [] }
    return try await session.store.recognise(jobs.map(\.received), by: session.service)
  }

  /// Batching is only an optimisation: if a batch throws, its messages are processed one by one.
  private func attempt(_ jobs: [Job]) async -> [DeliveryResult] {
    do {
      return zip(jobs, try await handler.work(jobs)).map { .processed($0, $1) }
    } catch let error as StoreError {
      let fault = Fault(.storeUnavailable, error.description)
      return jobs.map { .processed($0, .hold(fault)) }
    } catch  where jobs.count > 1 {
      // A fault of one of them is reported for that one.
      logger.debug("batch failed; processing messages one by one", metadata: ["error": "\(error)"])
      var results: [DeliveryResult] = []
      for job in jobs { results += await attempt([job]) }
      return results
    } catch {
      return jobs.map { .processed($0, .later(Fault(.handlerFailed, "\(error)"))) }
    }
  }

  /// Copies that are to come back later, and dead letters. Returns the tags of those the broker
  /// has.
  private func move(_ failed: [DeliveryResult]) async -> Set<Delivery.Tag> {
    if failed.isEmpty { return [] }
    let now = session.clock.now()
    let user = outbox.broker.user
    let moves = failed.compactMap { retryPolicy.move($0, at: now, as: user) }
    let begun = putOffs?.time ?? .zero
    session.crashPoint(.beforeMove)
    let results = await outbox.publishStating(moves.map(\.message))
    session.crashPoint(.moved)
    var moved: Set<Delivery.Tag> = []
    for (move, result) in zip(moves, results) where result == .confirmed {
      moved.insert(move.delivery.tag)
      if move.isPutOff, let id = move.delivery.messageID {
        putOffs?.add(id, for: move.delay, since: begun)
      }
      counters.count(move.isDead ? .dead : .retried)
      session.metrics?.outcomes.add(1, move.isDead ? "dead" : "retried")
    }
    log.moved(moves, results, isLost: await outbox.isLost, inHand: health.messagesInHand)
    return moved
  }

  /// The one place that decides how deliveries are settled, each by its own outcome.
  private func settlements(
    _ results: [DeliveryResult], _ moved: Set<Delivery.Tag>
  ) -> [Settlement] {
    var finished = moved
    for result in results where result.isDone { finished.insert(result.tag) }
    counters.count(.handled, finished.count)
    session.metrics?.outcomes.add(finished.count - moved.count, "done")
    session.metrics?.outcomes.add(results.count - finished.count, "returned")
    log.done(results)
    return results.map {
      Settlement($0.tag, finished.contains($0.tag) ? .acknowledge : .requeue)
    }
  }

  /// Reads until the store answers; `nil` if stopped meanwhile.
  private func reading<Value: Sendable>(
    _ ticket: Int, _ read: () async throws -> Value
  ) async -> Value? {
    var backoff = Backoff.ofService
    var isMissed = false
    while true {
      do {
        let value = try await read()
        if isMissed { health.findsStore() }
        return value
      } catch {
        isMissed = true
        let next = backoff.next()
        health.missesStore("\(error)", next: next)
        health.heard(ticket)
        if !(await pause(next)) { return nil }
      }
    }
  }
}
