import Billing
import Broker
import Ledger
import Logging

/// The way of a message, the same for every service: from deliveries to settlements.
///
/// Everything that is acknowledged was committed before, and everything that was committed is
/// either confirmed by the broker or still recorded as unpublished. The acknowledgement is the last
/// act.
public struct Runner: Sendable {
  let handler: Handler
  let desk: Desk
  let outbox: Outbox
  let ladder: RetryLadder
  let tally: Tally
  let logger: Logger
  /// How long to wait before something that is away is asked again; ends early when stopping.
  let pause: @Sendable (Duration) async -> Bool
  var health = ServiceHealth()
  /// How long a batch may take before the process counts as hanging.
  var patience = Duration.seconds(900)

  /// Settles each delivery as soon as its own outcome is complete; nobody waits for a neighbour
  /// that is held back by an outage.
  public func work(
    _ batch: [Delivery], settle: @Sendable ([Settlement]) async -> Void
  ) async {
    desk.reached(.taken)
    let measured = BatchMeasures(desk.metrics, batch.count)
    let ticket = health.begins("a batch of \(batch.count) messages", limit: patience)
    defer { health.ended(ticket) }
    let settle: @Sendable ([Settlement]) async -> Void = {
      await settle($0)
      measured.settled($0)
    }
    let (jobs, unreadable) = decode(batch)
    measured.ages(of: jobs, at: desk.clock)
    let (fresh, answered) = await recognise(jobs, ticket)
    await end(await complete(answered, unreadable), by: settle)
    var waiting = fresh
    var backOff = BackOff()
    while !waiting.isEmpty {
      health.heard(ticket)
      let worked = await attempt(waiting)
      note(worked)
      await end(await complete(worked.filter { !$0.isHeld }, []), by: settle)
      waiting = worked.filter(\.isHeld).map(\.job)
      guard let first = worked.first(where: \.isHeld) else { break }
      if let fault = first.fault { desk.metrics?.pauses.add(1, fault.reason.rawValue) }
      logger.warning(
        "pausing", metadata: ["reason": "\(first.explanation)", "messages": "\(waiting.count)"])
      if !(await pause(backOff.next())) { break }
    }
    await end(waiting.map { Settlement($0.delivery.tag, .requeue) }, by: settle)
  }

  /// What is committed is published, what leaves is moved away, and only then it is settled.
  private func complete(_ worked: [Worked], _ unreadable: [Departure]) async -> [Settlement] {
    await outbox.publish(worked.flatMap(\.events))
    let departures = unreadable + worked.compactMap(\.departure)
    let left = await moveAway(departures)
    // What has nowhere to go returns to its queue, and must not come back at once.
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

  /// Who holds all messages up is missing; what was worked has shown that nobody does.
  private func note(_ worked: [Worked]) {
    var missing: [ServiceHealth.Part: String] = [:]
    for item in worked where item.isHeld {
      guard let fault = item.fault, let part = fault.reason.part else { continue }
      missing[part] = fault.explanation
    }
    for part in [ServiceHealth.Part.store, .gatewayKey] {
      if let why = missing[part] {
        health.lacks(part, why)
      } else if part == .store || worked.contains(where: \.isDone) {
        health.has(part)
      }
    }
  }

  // MARK: Steps

  /// What cannot be decoded is a dead letter with its reason.
  private func decode(_ batch: [Delivery]) -> (jobs: [Job], unreadable: [Departure]) {
    var jobs: [Job] = []
    var unreadable: [Departure] = []
    for delivery in batch {
      let history = FailureHistory(headers: delivery.headers)
      do throws(MessageFault) {
        let event = try MessageGate.decode(delivery.body, contentType: delivery.contentType)
        guard let type = EventType(rawValue: event.type) else {
          throw MessageFault.unknownType(event.type)
        }
        jobs.append(Job(event: event, type: type, delivery: delivery, history: history))
      } catch {
        let fault = Fault(FaultReason(error), error.description)
        unreadable.append(
          Departure(delivery: delivery, history: history, fault: fault, final: true))
      }
    }
    return (jobs, unreadable)
  }

  /// Idempotency first: a message that was answered before is not decided again; only what it made
  /// and nobody is known to have is published again.
  private func recognise(
    _ jobs: [Job], _ ticket: Int
  ) async -> (fresh: [Job], answered: [Worked]) {
    guard let known = await reading(ticket, { try await answers(jobs) }) else {
      return ([], jobs.map { Worked($0, .hold(.stopped)) })
    }
    var fresh: [Job] = []
    var answered: [Worked] = []
    var seen: Set<String> = []
    for job in jobs {
      if let events = known[job.event.id] {
        answered.append(Worked(job, .done(events)))
      } else if !seen.insert(job.event.id).inserted {
        answered.append(Worked(job, .done([])))  // The first copy answers for both.
      } else {
        fresh.append(job)
      }
    }
    return (fresh, answered)
  }

  private func answers(_ jobs: [Job]) async throws -> [String: [StoredEvent]] {
    if jobs.isEmpty { return [:] }
    return try await desk.store.answered(jobs.map(\.event.id), by: desk.service)
  }

  /// A batch is for speed only: when it fails as a whole, each message is worked by itself.
  private func attempt(_ jobs: [Job]) async -> [Worked] {
    do {
      return zip(jobs, try await handler.work(jobs)).map(Worked.init)
    } catch let error as StoreError {
      let fault = Fault(.storeUnavailable, error.description)
      return jobs.map { Worked($0, .hold(fault)) }
    } catch  where jobs.count > 1 {
      logger.warning("batch failed, working alone", metadata: ["error": "\(error)"])
      var alone: [Worked] = []
      for job in jobs { alone += await attempt([job]) }
      return alone
    } catch {
      return jobs.map { Worked($0, .later(Fault(.handlerFailed, "\(error)"))) }
    }
  }

  /// Copies that are to come back later, and dead letters. The tags of those the broker has.
  private func moveAway(_ departures: [Departure]) async -> Set<Delivery.Tag> {
    if departures.isEmpty { return [] }
    let now = desk.clock.now()
    let moves = departures.map { ladder.move($0, at: now) }
    desk.reached(.beforeMove)
    let results = await outbox.broker.publish(moves.map(\.message))
    desk.reached(.moved)
    var left: Set<Delivery.Tag> = []
    for ((departure, move), result) in zip(zip(departures, moves), results) {
      var place: Logger.Metadata = [
        "message": "\(departure.delivery.messageID ?? "without id")",
        "reason": "\(departure.fault.reason.rawValue)", "to": "\(move.message.routingKey)",
      ]
      if let trace = departure.trace { place["trace"] = "\(trace.traceID)" }
      guard result == .confirmed else {
        logger.error("could not be moved, kept: \(result.why)", metadata: place)
        continue
      }
      left.insert(departure.delivery.tag)
      tally.count(move.isDead ? .dead : .retried)
      desk.metrics?.outcomes.add(1, move.isDead ? "dead" : "retried")
      let text = "\(move.isDead ? "dead letter" : "retry"): \(departure.fault.explanation)"
      logger.log(level: move.isDead ? .error : .info, "\(text)", metadata: place)
    }
    return left
  }

  /// The one place where it is decided how deliveries are settled, each by its own outcome.
  private func settlements(
    _ deliveries: [Delivery], _ worked: [Worked], _ left: Set<Delivery.Tag>
  ) -> [Settlement] {
    var finished = left
    for item in worked where item.isDone { finished.insert(item.job.delivery.tag) }
    tally.count(.handled, finished.count)
    desk.metrics?.outcomes.add(finished.count - left.count, "done")
    desk.metrics?.outcomes.add(deliveries.count - finished.count, "returned")
    for item in worked where item.isDone { told(item) }
    return deliveries.map {
      Settlement($0.tag, finished.contains($0.tag) ? .acknowledge : .requeue)
    }
  }

  /// By its trace a message is found in the logs of all services.
  private func told(_ item: Worked) {
    logger.debug(
      "done",
      metadata: [
        "message": "\(item.job.event.id)", "type": "\(item.job.event.type)",
        "trace": "\(item.job.event.trace.traceID)", "span": "\(item.job.event.trace.spanID)",
      ])
  }

  /// Reads until the store answers; `nil` when stopped meanwhile.
  private func reading<Value: Sendable>(
    _ ticket: Int, _ read: () async throws -> Value
  ) async -> Value? {
    var backOff = BackOff()
    while true {
      do {
        return try await read()
      } catch {
        logger.warning("the store does not answer, pausing", metadata: ["error": "\(error)"])
        health.lacks(.store, "\(error)")
        health.heard(ticket)
        if !(await pause(backOff.next())) { return nil }
      }
    }
  }
}
