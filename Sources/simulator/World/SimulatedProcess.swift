import Billing
import Broker
import Ledger
import Logging
import Services

/// One process of a service: the service's own code over ports that can fail. A crash closes all
/// its ports at once: what still runs of it runs out without any effect, which to the world is the
/// same as not running at all. What it had in memory is lost with it.
///
/// Unchecked, because it belongs to its simulation's one thread.
final class SimulatedProcess: @unchecked Sendable {
  let service: ServiceName
  let number: Int
  let simulation: Simulation
  let broker: InMemoryBroker
  private(set) var isAlive = true
  /// Stopped by SIGSTOP until then.
  var frozenUntil: Int64 = 0
  /// By how much its clock is off, in milliseconds.
  var clockOffset: Int64 = 0

  init(_ service: ServiceName, number: Int, in simulation: Simulation) {
    self.service = service
    self.number = number
    self.name = "\(service.rawValue)/\(number)"
    self.simulation = simulation
    self.broker = simulation.broker.anotherConnection()
  }

  let name: String

  func start() {
    note("starts")
    simulation.executor.start { [self] in
      do {
        let parts = try await ServiceParts(
          service, simulation.settings, surroundings, simulation.logger)
        simulation.executor.start { await parts.maintenance.turns() }
        await run { try await parts.run.run() }
      } catch {
        fail("it does not start: \(error)")
      }
    }
  }

  private func run(_ body: () async throws -> Void) async {
    do { try await body() } catch { fail("it ends by itself: \(error)") }
  }

  private func fail(_ why: String) {
    if isAlive { simulation.fail("L1", "\(name): \(why)") }
  }

  /// Dead from this moment on.
  func crash(_ place: String) {
    guard isAlive else { return }
    isAlive = false
    note("dies \(place)")
    let broker = broker
    simulation.executor.start { await broker.close() }
    simulation.processDied(self)
  }

  func note(_ what: @autoclosure () -> String) { simulation.note(name, what()) }

  // MARK: What every port does

  /// Throws once the process is dead; waits while it is stopped.
  func step() async throws(ProcessGone) {
    while isAlive && simulation.timeline.now < frozenUntil {
      await simulation.timeline.sleep(milliseconds: frozenUntil - simulation.timeline.now)
    }
    if !isAlive { throw ProcessGone() }
  }

  func reached(_ boundary: CrashPoint) {
    guard isAlive else { return }
    simulation.boundaries[CrashPlace(service: service, boundary: boundary), default: 0] += 1
    if simulation.faults.strikes(.crashAtBoundary) {
      simulation.crashes[CrashPlace(service: service, boundary: boundary), default: 0] += 1
      crash("at \(boundary.rawValue)")
    }
  }

  /// `false` when the process is gone meanwhile.
  private func pause(_ duration: Duration, isRest: Bool) async -> Bool {
    guard isAlive else { return false }
    let milliseconds =
      duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
    await simulation.timeline.sleep(milliseconds: milliseconds, isRest: isRest)
    do { try await step() } catch { return false }
    return true
  }

  var clock: LedgerClock {
    LedgerClock { [self] in simulation.time.adding(milliseconds: clockOffset) }
  }

  private var surroundings: Dependencies {
    Dependencies(
      store: simulation.store.probed(by: LedgerPort(process: self)), clock: clock,
      broker: BrokerPort(process: self),
      gateway: { [self] in simulation.gateway.client(of: self) },
      mailServer: { [self] in simulation.post.client(of: self) },
      pause: { [self] in await pause($0, isRest: false) },
      rest: { [self] in await pause($0, isRest: true) },
      crashPoint: { [self] in reached($0) },
      steady: { [self] in .milliseconds(simulation.timeline.now) })
  }
}

/// A process that is gone asks for something: nobody hears it.
struct ProcessGone: Error {}

struct CrashPlace: Hashable {
  var service: ServiceName
  var boundary: CrashPoint
}

extension Instant {
  func adding(milliseconds more: Int64) -> Instant { Instant(milliseconds: milliseconds + more) }
}
