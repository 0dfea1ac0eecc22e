import Billing
import Broker
import Ledger
import Logging

/// The path of a message, the same for every service: from deliveries to settlements.
///
/// Everything acknowledged was committed before, and everything committed is either confirmed by
/// the broker or still recorded as unpublished. The acknowledgement comes last.
public struct Runner: Sendable {
  let handler: Handler
  let desk: LedgerSession
  let outbox: Outbox
  let ladder: RetryPolicy
  let tally: RunCounters
  let logger: Logger
  /// How long to wait before retrying something that is down; ends early when stopping.
  let pause: @Sendable (Duration) async -> Bool
  let health: ServiceHealth
  /// How long a batch may take before the process counts as hanging.
  let patience: Duration
  /// `nil`: each copy is processed.
  let putOffs: PutOffs?
  let log: RunnerLog

  init(
    handler: Handler, desk: LedgerSession, outbox: Outbox, ladder: RetryPolicy, tally: RunCounters,
    logger: Logger, pause: @escaping @Sendable (Duration) async -> Bool,
    health: ServiceHealth = ServiceHealth(), patience: Duration = .seconds(900),
    putOffs: PutOffs? = nil
  ) {
    self.handler = handler
    self.desk = desk
    self.outbox = outbox
    self.ladder = ladder
    self.tally = tally
    self.logger = logger
    self.pause = pause
    self.health = health
    self.patience = patience
    self.putOffs = putOffs
    self.log = RunnerLog(logger)
  }

  /// Settles each delivery as soon as its own outcome is complete; none waits for a neighbour held
  /// back by an outage.
  public func work(
    _ batch: [Delivery], settle: @Sendable ([Settlement]) async -> Void
  ) async {
    desk.reached(.taken)
    let measured = BatchMeasures(desk.metrics, batch.count)
    let ticket = health.begins(
      "a batch of \(batch.count) messages", messages: batch.count, limit: patience)
    defer { health.ended(ticket) }
    let settle: @Sendable ([Settlement]) async -> Void = {
      await settle($0)
      measured.settled($0)
    }
    let (jobs, unreadable) = decode(batch)
    measured.ages(of: jobs, at: desk.clock)
    let (fresh, settled) = await recognise(jobs, ticket)
    await end(await complete(settled, unreadable), by: settle)
    var waiting = fresh
    var backoff = Backoff.ofService
    while !waiting.isEmpty {
      health.heard(ticket)
      let worked = await attempt(waiting)
      let next = backoff.next()
      note(worked, next)
      await end(await complete(worked.filter { !$0.isHeld }, []), by: settle)
      waiting = worked.filter(\.isHeld).map(\.job)
      guard let first = worked.first(where: \.isHeld) else { break }
      if let fault = first.fault { desk.metrics?.pauses.add(1, fault.reason.rawValue) }
      if !(await pause(next)) { break }
    }
    await end(waiting.map { Settlement($0.delivery.tag, .requeue) }, by: settle)
  }

  /// Commits are published, departing messages are moved, and only then are deliveries settled.
  private func complete(_ worked: [JobResult], _ unreadable: [FailedDelivery]) async -> [Settlement]
  {
    await outbox.publish(worked.flatMap(\.events))
    let departures = unreadable + worked.compactMap(\.departure)
    let left = await moveAway(departures)
    // A message with nowhere to go returns to its queue, and must not come back at once.
    if left.count < departures.count { _ = await pause(.seconds(1)) }
    return settlements(worked.map(\.job.delivery) + unreadable.map(\.delivery), worked, left)
  }

  private func end(
    _ settlements: [Settlement], by settle: @Sendable ([Settlement]) async -> Void
  ) async {
    if settlements.isEmpty { return }
    desk.reached(.beforeAck)
    await settle(settlements)
    desk.reached(.acknowledged)
  }

  /// Records that the store blocks the batch. A processed batch proves that the store is up. For
  /// the charge history `GatewayMemory` does this, since only a walk can tell.
  private func note(_ worked: [JobResult], _ next: Duration) {
    let held = worked.filter(\.isHeld)
    let faults = held.lazy.compactMap(\.fault)
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
  private func decode(_ batch: [Delivery]) -> (jobs: [Job], unreadable: [FailedDelivery]) {
    let admission = Admission(service: desk.service, user: outbox.broker.user)
    var jobs: [Job] = []
    var unreadable: [FailedDelivery] = []
    for delivery in batch {
      switch admission.job(from: delivery) {
      case .admitted(let job): jobs.append(job)
      case .refused(let fault):
        unreadable.append(
          FailedDelivery(
            delivery: delivery, history: FailureHistory(headers: delivery.headers), fault: fault,
            final: true))
      }
    }
    return (jobs, unreadable)
  }

  /// A message is a hint until the ledger confirms that it was committed. Then idempotency: a
  /// message already answered is not decided again; only events it made that are not known to be
  /// published are published again.
  private func recognise(
    _ jobs: [Job], _ ticket: Int
  ) async -> (fresh: [Job], settled: [JobResult]) {
    guard let known = await reading(ticket, { try await recognitions(of: jobs) }) else {
      return ([], jobs.map { JobResult($0, .hold(.stopped)) })
    }
    var fresh: [Job] = []
    var settled: [JobResult] = []
    var seen: Set<String> = []
    for (job, recognition) in zip(jobs, known) {
      switch recognition {
      case .answered(let events): settled.append(JobResult(job, .done(events)))
      case .notCommitted(let why): settled.append(JobResult(job, .dead(Fault(why, of: job.type))))
      case .fresh where !seen.insert(job.event.id).inserted:
        settled.append(JobResult(job, .done([])))  // The first copy answers for both.
      // Its copy in a delay queue answers for both.
      case .fresh where isAnotherCopy(job):
        settled.append(JobResult(job, .done([])))
      case .fresh: fresh.append(job)
      }
    }
    return (fresh, settled)
  }

  /// A message an operator sent again is processed: the copy that was put off may be the lost one.
  private func isAnotherCopy(_ job: Job) -> Bool {
    job.delivery.routingKey != MonthClose.replayKey(of: desk.service)
      && putOffs?.isAnotherCopy(job.delivery.messageID) == true
  }

  private func recognitions(of jobs: [Job]) async throws -> [Recognition] {
    if jobs.isEmpty { return [] }
    return try await desk.store.recognise(jobs.map(\.received), by: desk.service)
  }

  /// Batching is only an optimisation: if a batch throws, its messages are processed one by one.
  private func attempt(_ jobs: [Job]) async -> [JobResult] {
    do {
      return zip(jobs, try await handler.work(jobs)).map(JobResult.init)
    } catch let error as StoreError {
      let fault = Fault(.storeUnavailable, error.description)
      return jobs.map { JobResult($0, .hold(fault)) }
    } catch  where jobs.count > 1 {
      // A fault of one of them is reported for that one.
      logger.debug("batch failed; processing messages one by one", metadata: ["error": "\(error)"])
      var alone: [JobResult] = []
      for job in jobs { alone += await attempt([job]) }
      return alone
    } catch {
      return jobs.map { JobResult($0, .later(Fault(.handlerFailed, "\(error)"))) }
    }
  }

  /// Copies that are to come back later, and dead letters. Returns the tags of those the broker
  /// has.
  private func moveAway(_ departures: [FailedDelivery]) async -> Set<Delivery.Tag> {
    if departures.isEmpty { return [] }
    let now = desk.clock.now()
    let user = outbox.broker.user
    let moves = departures.map { ladder.move($0, at: now, as: user) }
    let begun = putOffs?.time ?? .zero
    desk.reached(.beforeMove)
    let results = await outbox.publishStating(moves.map(\.message))
    desk.reached(.moved)
    var left: Set<Delivery.Tag> = []
    for ((departure, move), result) in zip(zip(departures, moves), results) {
      guard result == .confirmed else { continue }
      left.insert(departure.delivery.tag)
      if let wait = move.putOff, let id = departure.delivery.messageID {
        putOffs?.add(id, for: wait, since: begun)
      }
      tally.count(move.isDead ? .dead : .retried)
      desk.metrics?.outcomes.add(1, move.isDead ? "dead" : "retried")
    }
    log.moved(
      departures, moves, results, isLost: await outbox.isLost, inHand: health.messagesInHand)
    return left
  }

  /// The one place that decides how deliveries are settled, each by its own outcome.
  private func settlements(
    _ deliveries: [Delivery], _ worked: [JobResult], _ left: Set<Delivery.Tag>
  ) -> [Settlement] {
    var finished = left
    for item in worked where item.isDone { finished.insert(item.job.delivery.tag) }
    tally.count(.handled, finished.count)
    desk.metrics?.outcomes.add(finished.count - left.count, "done")
    desk.metrics?.outcomes.add(deliveries.count - finished.count, "returned")
    for item in worked where item.isDone { told(item) }
    log.done(worked)
    return deliveries.map {
      Settlement($0.tag, finished.contains($0.tag) ? .acknowledge : .requeue)
    }
  }

  /// The trace identifies a message in the logs of all services.
  private func told(_ item: JobResult) {
    logger.debug(
      "done",
      metadata: [
        "message_id": "\(item.job.event.id)", "type": "\(item.job.event.type)",
        "trace": "\(item.job.event.trace.traceID)", "span": "\(item.job.event.trace.spanID)",
      ])
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
