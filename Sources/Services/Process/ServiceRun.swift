import Billing
import Broker
import Ledger
import Logging
import ServiceLifecycle

/// A running service: lanes that take batches, and maintenance beside them. Ends when asked to
/// stop, once work in progress is settled or the deadline has passed.
package struct ServiceRun: Service {
  let runner: Runner
  let consumer: any Consumer
  let batch: Int
  let lanes: Int

  package func run() async throws {
    await withGracefulShutdownHandler {
      await withTaskGroup(of: Void.self) { work in
        for _ in 0..<lanes { work.addTask { await lane() } }
        await work.waitForAll()
      }
      await recordConfirmed()
    } onGracefulShutdown: {
      let consumer = consumer
      Task { await consumer.stop() }
    }
  }

  /// The last confirms arrive after the last commit. If they were not recorded, their events would
  /// be published again at the next start, and count as overdue until then.
  private func recordConfirmed() async {
    do {
      try await runner.session.recordConfirmed()
    } catch {
      runner.logger.warning(
        "published events could not be recorded as such; the next start publishes them again",
        metadata: ["error": "\(error)"])
    }
  }

  private func lane() async {
    while let deliveries = await consumer.next(limit: batch, linger: .milliseconds(2)) {
      await runner.work(deliveries) { await consumer.settle($0) }
    }
  }
}

/// What a service does besides its queue: publishes left-over events, turns due work into messages,
/// and records confirms if no commit has done so.
package struct MaintenanceLoop: Service {
  let outbox: Outbox
  let handler: any MessageHandler
  let logger: Logger
  /// Between two turns; ends early, with `false`, when stopping.
  let rest: @Sendable (Duration) async -> Bool
  let health: ServiceHealth

  static let relayAfterSeconds: Int64 = 10
  /// The number of turns between two in which events that the broker does not accept are published
  /// again: some of their receivers may get them each time.
  private static let turnsWithoutRelay = 9
  /// A turn publishes page after page when much was left over.
  private static let turnLimit = Duration.seconds(900)
  private static let interval = Duration.seconds(1)

  package func run() async throws {
    await cancelWhenGracefulShutdown { await turns() }
  }

  /// Turn after turn, until the pause between two of them is cut short.
  package func turns() async {
    let ticket = health.begins("upkeep", limit: Self.turnLimit)
    defer { health.ended(ticket) }
    var withoutRelay = 0
    repeat {
      health.heard(ticket)
      withoutRelay -= 1
      if await !turn(relays: withoutRelay < 0) { withoutRelay = Self.turnsWithoutRelay }
    } while await rest(Self.interval) && !Task.isCancelled
  }

  /// `false` if the broker did not accept the left-over events.
  private func turn(relays: Bool) async -> Bool {
    var isAllTaken = true
    do {
      if let handler = handler as? any DueWorkHandler { try await outbox.fireDue(of: handler) }
      await outbox.publish(try await handler.maintain())
      if relays {
        isAllTaken = try await outbox.relay(
          of: [outbox.session.service] + handler.relays, olderThanSeconds: Self.relayAfterSeconds)
      } else {
        try await outbox.session.recordConfirmed()
      }
      health.findsStore(foundBy: .maintenance)
    } catch let error as StoreError {
      health.missesStore("\(error)", foundBy: .maintenance, next: Self.interval)
    } catch {
      logger.warning("maintenance failed and will be retried", metadata: ["error": "\(error)"])
    }
    return isAllTaken
  }
}
