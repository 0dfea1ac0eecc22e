import ArgumentParser
import Billing
import Services

struct ClockGroup: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "clock",
    abstract: "Show or move the clock of sandbox runs (needs MONTHCLOSE_CLOCK_FILE).",
    subcommands: [Show.self, Advance.self])

  struct Show: OperatorCommand {
    static let configuration = CommandConfiguration(abstract: "Show the time the services see.")
    @OptionGroup var shared: SharedOptions

    func perform(in session: Session) async throws -> CommandOutput {
      ClockDocument(try clockFile(session), seconds: offset(session)).output
    }
  }

  struct Advance: OperatorCommand {
    static let configuration = CommandConfiguration(
      abstract: "Move the clock forward, so that retries and grace periods come due.",
      discussion: """
        Example:
          closectl clock advance 8d
          closectl clock advance 1d12h30m
        """)
    @Argument(
      help: ArgumentHelp("Days, hours, minutes, seconds: 8d, 1d12h, 90s.", valueName: "duration"),
      transform: parseDuration)
    var seconds: Int64
    @OptionGroup var shared: SharedOptions

    func perform(in session: Session) async throws -> CommandOutput {
      let file = try clockFile(session)
      let (sum, overflow) = offset(session).addingReportingOverflow(seconds)
      guard !overflow else { throw Misuse("the clock cannot be moved that far") }
      try LedgerClock.writeOffset(file: file, seconds: sum)
      // Once this returns, every process knows the new time.
      try await Task.sleep(for: LedgerClock.fileInterval * 2)
      return ClockDocument(file, seconds: sum).output
    }
  }

  /// Whole seconds, as the file holds them; both clocks are read within a moment.
  private static func offset(_ session: Session) -> Int64 {
    let ahead = session.clock.now().milliseconds - LedgerClock.system.now().milliseconds
    return (ahead + (ahead < 0 ? -500 : 500)) / 1000
  }

  private static func clockFile(_ session: Session) throws -> String {
    guard let file = session.settings.clockFile else {
      throw Misuse(
        "there is no clock file, so the clock cannot be moved; "
          + "set MONTHCLOSE_CLOCK_FILE for all programs of a sandbox run")
    }
    return file
  }
}

struct ClockDocument: Encodable {
  var file: String
  var offsetSeconds: Int64
  var now: String

  init(_ file: String, seconds: Int64) {
    self.file = file
    offsetSeconds = seconds
    now = LedgerClock.system.now().adding(seconds: seconds).rfc3339
  }

  var output: CommandOutput {
    CommandOutput(self, text: ["\(now) (\(offsetSeconds) s from the system clock)"])
  }
}

/// `1d12h30m15s`; each part at most once, in that order.
func parseDuration(_ text: String) throws -> Int64 {
  let units: [(Character, Int64)] = [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)]
  var left = units[...]
  var rest = text[...]
  var sum: Int64 = 0
  while !rest.isEmpty {
    let digits = rest.prefix { $0.isASCII && $0.isNumber }
    rest = rest.dropFirst(digits.count)
    guard digits.count <= 9, let number = Int64(digits), let letter = rest.popFirst(),
      let place = left.firstIndex(where: { $0.0 == letter })
    else { throw ValidationError("expected a duration like 8d, 1d12h or 90s") }
    sum += number * left[place].1
    left = left[(place + 1)...]
  }
  guard !text.isEmpty else { throw ValidationError("expected a duration like 8d, 1d12h or 90s") }
  return sum
}
