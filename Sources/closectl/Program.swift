import ArgumentParser
import Glibc
import Logging

/// `closectl`: parses the command, runs it, prints the result and sets the exit status. Nothing
/// else decides what is printed where.
@main
struct Program {
  var environment: [String: String]
  var output: Output
  var doors = SessionDependencies()

  static func main() async {
    // If the reader is gone, a write fails; the program does not end.
    signal(SIGPIPE, SIG_IGN)
    let environment = currentEnvironment()
    let program = Program(environment: environment, output: .standard(environment))
    exit(await program.run(Array(CommandLine.arguments.dropFirst())).rawValue)
  }

  func run(_ arguments: [String]) async -> ExitStatus {
    let wantsJSON = arguments.prefix { $0 != "--" }.contains("--json")
    do {
      if let unknown = UnknownVerb.found(in: arguments) { throw unknown }
      let parsed = try await Closectl.asyncParseAsRoot(arguments)
      guard let command = parsed as? any OperatorCommand else {
        return try help(parsed)
      }
      let result = try await carryOut(command)
      do {
        try print(result, asJSON: wantsJSON)
      } catch OutputFault.readerGone {}  // a reader that stops early does not change the outcome
      return result.status
    } catch {
      return report(error, asJSON: wantsJSON)
    }
  }

  /// The built-in help command, or a group without its verb, which is wrong usage.
  private func help(_ parsed: any ParsableCommand) throws -> ExitStatus {
    guard parsed is any AsyncParsableCommand else {
      var builtIn = parsed
      try builtIn.run()
      return .done
    }
    output.noteLine(Closectl.helpMessage(for: type(of: parsed)))
    return .usage
  }

  private func carryOut(_ command: any OperatorCommand) async throws -> CommandOutput {
    let settings = try command.shared.settings(environment)
    let session = try Session(settings: settings, output: output, doors: doors)
    for warning in settings.warnings { await session.noteOnce(warning) }
    do {
      let result = try await command.perform(in: session)
      await session.end()
      return result
    } catch {
      await session.end()
      throw error
    }
  }

  private func print(_ result: CommandOutput, asJSON: Bool) throws {
    if result.isWritten { return }
    if asJSON {
      try output.printLine(result.json)
    } else if !result.text.isEmpty {
      try output.printLine(result.text.joined(separator: "\n"))
    }
  }

  private func report(_ error: any Error, asJSON: Bool) -> ExitStatus {
    if error as? OutputFault == .readerGone { return .done }
    let status = ExitStatus(of: error)
    do {
      if status == .done {
        // `--help` and `--version` come as errors.
        try output.printLine(Closectl.fullMessage(for: error))
      } else {
        try explain(error, status, asJSON: asJSON)
      }
      return status
    } catch OutputFault.readerGone {
      return status
    } catch {
      output.noteLine(output.noteStyle.bad("error: ") + "\(error)")
      return status == .done ? .unreachable : status
    }
  }

  private func explain(_ error: any Error, _ status: ExitStatus, asJSON: Bool) throws {
    let isOurs = Closectl.exitCode(for: error) == .failure
    let message = isOurs ? "\(error)" : Closectl.message(for: error)
    output.noteLine(output.noteStyle.bad("error: ") + printableLines(message))
    if !isOurs {
      output.noteLine(
        Closectl.fullMessage(for: error).split(separator: "\n").dropFirst().joined(separator: "\n"))
    }
    // If the result could not be written, this cannot be written either.
    if asJSON && !(error is OutputFault) {
      try output.printLine(json(Failure(error: message, exitStatus: status.rawValue)))
    }
  }

  private struct Failure: Encodable {
    var error: String
    var exitStatus: Int32
  }
}

/// Keeps line ends, removes control sequences.
private func printableLines(_ text: String) -> String {
  text.split(separator: "\n", omittingEmptySubsequences: false).map { printable(String($0)) }
    .joined(separator: "\n")
}

private func currentEnvironment() -> [String: String] {
  var result: [String: String] = [:]
  var place = environ
  while let entry = place.pointee {
    let parts = String(cString: entry).split(
      separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    if parts.count == 2 { result[String(parts[0])] = String(parts[1]) }
    place += 1
  }
  return result
}
