import ArgumentParser
import Billing

struct StatusCommand: OperatorCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show progress by stage, rate, expected end, and stragglers by name.",
    discussion: """
      While accounts are unfinished, shows what each is waiting for and since when, how many \
      messages and consumers the services' queues have, and what is due later.

      Exits 1 if there is no such close. With --watch, keeps updating until the close finishes: \
      redrawn in place on a terminal, otherwise one line every few seconds. Watching a close that \
      was not started stops after 15 seconds with a message.

      Example:
        closectl close status 2026-11 --watch
      """)

  @Argument(help: .period, transform: NamedPeriod.init)
  var named: NamedPeriod
  @Flag(help: "Keep updating until the close has finished.")
  var watch = false
  @OptionGroup var shared: SharedOptions

  func perform(in session: Session) async throws -> CommandOutput {
    let period = try named.period(at: session.clock.now())
    if watch { return try await StatusWatch(period: period, session: session).follow() }
    let status = try await StatusReader(period: period, session: session).read()
    return status.answer(style: session.output.style)
  }
}
