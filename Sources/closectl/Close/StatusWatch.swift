import Billing
import Ledger

/// Shows a close until it has finished: redrawn in place on a terminal, otherwise as a line now and
/// then.
struct StatusWatch {
  /// How long a close that was just requested may take to begin.
  static let longestStart = Duration.seconds(60)

  let period: Period
  let session: Session
  /// This command has published the trigger.
  var hasTrigger = false

  func follow() async throws -> CommandOutput {
    let sentence =
      "stopped watching; the close continues: closectl close status \(period) --watch"
    return try await Interruption.saying(sentence, session.output) { try await watch() }
  }

  private func watch() async throws -> CommandOutput {
    let reader = StatusReader(period: period, session: session)
    let output = session.output
    let screen = LiveScreen(output)
    let started = ContinuousClock.now
    // The trigger is published before the watch begins.
    let asked = session.clock.now().adding(seconds: -Self.longestStart.components.seconds)
    var pace = Pace()
    var unseenSince: ContinuousClock.Instant?
    while true {
      var status = try await reader.read(watching: true)
      let elapsed = ContinuousClock.now - started
      if status.state == "open" {
        if let refused = try await session.store().triggers(of: period).last,
          refused.outcome == .refused, refused.lastAt >= asked
        {
          screen.finish()
          throw Problem("the invoicer refused to close \(period): \(refused.explanation)")
        }
        let invoicer = status.queues.value?.first { $0.service == ServiceName.invoicer.rawValue }
        let isOnItsWay = hasTrigger || invoicer.map { !$0.isIdle } ?? true
        unseenSince = isOnItsWay ? nil : unseenSince ?? .now
        let shown = status.limits.first.map { ": \($0)" } ?? ""
        guard elapsed < Self.longestStart else {
          screen.finish()
          throw Problem(
            "no close of \(period) began within \(Self.longestStart.inWords)"
              + (shown.isEmpty ? "; is an invoicer running?" : shown))
        }
        // Measured from the first read: a slow read says no more than a fast one.
        if let unseenSince, ContinuousClock.now - unseenSince >= session.triggerPatience {
          screen.finish()
          throw Problem(
            "no close of \(period) has begun, and no trigger is waiting in the invoicer's queue; "
              + "if the invoicer is holding one, its log says why; "
              + "otherwise run closectl close start \(period)")
        }
        let waiting =
          hasTrigger
          ? "close \(period): waiting for an invoicer to start it\(shown)"
          : "close \(period): not started\(shown)"
        screen.show([waiting], brief: waiting)
      } else {
        pace.add(
          at: elapsed.asSeconds, finished: status.accounts.finished, steps: status.steps)
        status.add(pace, now: session.clock.now())
        if status.state == RunState.closed.rawValue {
          screen.finish()
          if status.dead.value ?? 0 > 0 {
            status.deadLetters = await DeadTallyReader(session: session).read()
          }
          return status.output(style: output.style)
        }
        screen.show(status.lines(style: output.noteStyle), brief: status.brief)
      }
      try await Task.sleep(for: LiveScreen.pause)
    }
  }
}

extension CloseStatus {
  mutating func add(_ pace: Pace, now: Instant) {
    accountsPerSecond = pace.finishedPerSecond.map { ($0 * 10).rounded() / 10 }
    expectedEnd = pace.secondsLeft(of: allSteps).map {
      now.adding(seconds: Int64(min($0, 1e9).rounded(.up))).rfc3339
    }
  }

  /// All of it in one line.
  var brief: String {
    let reached = Self.stageNames.map { "\($0) \(stages[$0] ?? 0)" }.joined(separator: ", ")
    let unattended = queues.value?.filter { $0.consumers == 0 }.map { "; \($0.sentence)" } ?? []
    return "\(period) \(state): \(accounts.finished)/\(accounts.expected) finished; \(reached)"
      + (pace.map { "; \($0)" } ?? "") + unattended.joined()
  }
}

/// The speed of a close, measured over the last ten seconds or so.
struct Pace {
  private struct Sample {
    var at: Double
    var finished: Int
    var steps: Int
  }
  static let windowSeconds = 10.0
  private var samples: [Sample] = []

  /// `at`: seconds on any clock that only goes forward.
  mutating func add(at: Double, finished: Int, steps: Int) {
    samples.append(Sample(at: at, finished: finished, steps: steps))
    // One sample older than the window is kept as its start.
    while samples.count > 2, at - samples[1].at >= Self.windowSeconds { samples.removeFirst() }
  }

  var finishedPerSecond: Double? { rate(\.finished) }

  /// Seconds until all steps are done; `nil` when nothing moves.
  func secondsLeft(of allSteps: Int) -> Double? {
    guard let last = samples.last, let rate = rate(\.steps), rate > 0 else { return nil }
    return Double(max(0, allSteps - last.steps)) / rate
  }

  private func rate(_ value: KeyPath<Sample, Int>) -> Double? {
    guard let first = samples.first, let last = samples.last, last.at - first.at >= 0.5 else {
      return nil
    }
    return Double(last[keyPath: value] - first[keyPath: value]) / (last.at - first.at)
  }
}
