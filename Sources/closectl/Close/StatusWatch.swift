import Billing
import Ledger

/// Shows a close until it is closed: redrawn in place on a terminal, a line now and then elsewhere.
struct StatusWatch {
  /// How long a close that was just asked for may take to begin.
  static let patience = Duration.seconds(60)

  let period: Period
  let session: Session

  func follow() async throws -> Answer {
    let reader = StatusReader(period: period, session: session)
    let output = session.output
    let screen = LiveScreen(output)
    let started = ContinuousClock.now
    var pace = Pace()
    while true {
      var status = try await reader.read(watching: true)
      let elapsed = ContinuousClock.now - started
      if status.state == "open" {
        guard elapsed < Self.patience else {
          screen.finish()
          throw Problem(
            "no close of \(period) began within \(Self.patience); is an invoicer running?")
        }
        let waiting = "close \(period): waiting for an invoicer to take it up"
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
          return status.answer(style: output.style)
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
    return "\(period) \(state): \(accounts.finished)/\(accounts.expected) finished; \(reached)"
      + (pace.map { "; \($0)" } ?? "")
  }
}
