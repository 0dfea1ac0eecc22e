import Billing
import Broker
import Ledger
import Services

/// The course of one simulation: a period of faults while the month closes, then peace, in which
/// everything must recover on its own; weeks of retries and grace periods, with more faults for
/// half of the seeds; then peace again.
extension Simulation {
  func runAllPhases() {
    step { [self] in
      _ = try await broker.apply(MonthClose.topology(retryDelays: settings.retryDelays))
      try await loadMonth()
    }
    takeBackup()
    for service in MonthClose.services {
      for _ in 0..<draw(1...2) { startProcess(service) }
    }
    executor.start { [self] in await trigger(id: "close-2026-11") }
    let minutes = draw(1...15)
    planBackup(within: Int64(minutes) * 60_000)
    bout(minutes: minutes)
    let isRestored = chance(300_000)
    if isRestored { restore() }
    peace("the close", isRestored: isRestored)
    if violation != nil { return }
    if chance(500_000) {
      faults.isOn = true
      note("", "faults again")
      for _ in 0..<draw(1...2) {
        bout(minutes: 24 * 60 * draw(1...4))
      }
    }
    peace("the retries")
    run(until: timeline.now + 40 * 86_400_000)
    peace("the graces")
    step { [self] in
      await checkAccounts()
      await checkAudit()
    }
  }

  /// A step of the simulator itself, with nothing else allowed to take its time.
  func step(_ body: @escaping @Sendable () async throws -> Void) {
    if violation != nil { return }
    executor.start { [self] in
      do { try await body() } catch { fail("setup", "\(error)") }
    }
    executor.drain { violation != nil }
  }

  func bout(minutes: Int) {
    let length = Int64(minutes) * 60_000
    planIncidents(within: length)
    run(until: timeline.now + length)
  }

  // MARK: Peace

  /// Two hours: the longest pause of the retry ladder is one.
  private static let patience: Int64 = 2 * 3600 * 1000 + 120_000

  private func peace(_ what: String, isRestored: Bool = false) {
    if violation != nil { return }
    heal()
    if isRestored { step { [self] in try await recover() } }
    if faults.hits[.byHand] != nil { step { [self] in try await reconcile() } }
    waitUntilQuiet()
    // What a clock recorded that was ahead is left over only by then.
    run(until: timeline.now + Self.largestClockOffset + 15_000)
    replayOutages()
    waitUntilQuiet()
    if hasOpenAttempts {
      // Of a stored 500 nothing more is known before the gateway has forgotten the key.
      run(until: timeline.now + 26 * 3600 * 1000)
      replayOutages()
      waitUntilQuiet()
    }
    step { [self] in try await resendMails() }
    waitUntilQuiet()
    if violation == nil && !isQuiet {
      fail("L1", "not quiet long after \(what): \(broker.contents)")
    }
    // What is confirmed is recorded by the next turn of each service.
    run(until: timeline.now + 15_000)
    note("", "checks \(what)")
    step { [self] in await checkQuiet() }
  }

  private func waitUntilQuiet() {
    run(until: timeline.now + Self.patience) { isQuiet }
  }

  private var hasOpenAttempts: Bool {
    witness.attempts.values.contains { $0.state.isUnsettled }
  }

  static let largestClockOffset: Int64 = 1_500_000

  private func heal() {
    faults.isOn = false
    note("", "healed")
    broker.setReachable(true)
    broker.setBlocked(nil)
    gatewayRefusesUntil = 0
    for process in processes {
      process.frozenUntil = 0
      process.clockOffset = 0
    }
    step { [self] in await repairTopology() }
  }

  /// Nothing in a queue but dead letters, and nobody in the middle of something.
  private var isQuiet: Bool {
    timeline.nextDue == nil && broker.contents.keys.allSatisfy { $0.hasSuffix(".dead") }
      && processes.count >= MonthClose.services.count
  }

  /// What an outage that lasted too long made a dead letter is put back into its queue, as an
  /// operator would: its attempts start anew.
  private func replayOutages() {
    // Without its binding the way to the dead letters is barred too: a message goes back to its
    // queue until the broker gives up delivering it.
    let outages: Set<String> = [
      "gateway-unknown", "gateway-busy", "mail-later", "behind", "delivery-limit",
    ]
    for service in MonthClose.services {
      let queue = MonthClose.deadQueue(of: service)
      let letters = broker.takeAll(from: queue)
      for letter in letters {
        var letter = letter
        (letter.exchange, letter.routingKey) = ("", queue)
        if outages.contains(letter.reason) {
          letter.routingKey = service.rawValue
          // As a trigger it counts under no other key.
          if letter.type == EventType.closeRequested.rawValue {
            (letter.exchange, letter.routingKey) = (
              MonthClose.exchange, EventType.closeRequested.routingKey
            )
          }
          letter.headers = [:]
          replayed += 1
          note("operator", "replays \(letter.messageID) for \(service.rawValue)")
        }
        let message = letter
        step { [self] in _ = await broker.publish([message]) }
      }
    }
  }
}
