import ArgumentParser
import Billing

struct StatusCommand: OperatorCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Progress by stage, rate, expected end, stragglers by name.",
    discussion: """
      While accounts are not finished it says what each waits for and since when, what waits in \
      the services' queues and who takes it, and what is due later.

      Exit 1 when there is no such close. With --watch it is shown until the close is closed: \
      redrawn in place on a terminal, otherwise a line every few seconds. A watch of a close that \
      was not started ends after 15 seconds and says so.

      Example:
        closectl close status 2026-11 --watch
      """)

  @Argument(help: .period, transform: NamedPeriod.init)
  var named: NamedPeriod
  @Flag(help: "Go on until the close is closed.")
  var watch = false
  @OptionGroup var shared: SharedOptions

  func perform(in session: Session) async throws -> Answer {
    let period = try named.period(at: session.clock.now())
    if watch { return try await StatusWatch(period: period, session: session).follow() }
    let status = try await StatusReader(period: period, session: session).read()
    return status.answer(style: session.output.style)
  }
}
