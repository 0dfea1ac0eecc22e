import ArgumentParser
import Dispatch
import Glibc

/// The program's door: a gateway to charge against, a bad line to it, and a sample month.
@main
struct SandboxCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sandbox",
    abstract: "For trials and tests: a payment gateway and a proxy with faults, and sample data.",
    subcommands: [ServeCommand.self, ProxyCommand.self, SampleCommand.self])

  static func main() async {
    // A reader that is gone, of its log or of an answer, makes a write fail, and ends nothing.
    signal(SIGPIPE, SIG_IGN)
    await main(nil)
  }
}

/// Runs the work until it ends on its own, or until SIGTERM or SIGINT: then it is cancelled, and
/// that is no error. What hangs on purpose does not keep the program alive.
func untilToldToStop(_ work: @escaping @Sendable () async throws -> Void) async throws {
  let working = Task { try await work() }
  let signals = [SIGTERM, SIGINT].map { (number: Int32) in
    signal(number, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: number)
    source.setEventHandler {
      working.cancel()
      DispatchQueue.global().asyncAfter(deadline: .now() + 2) { Glibc.exit(0) }
    }
    source.resume()
    return source
  }
  defer { for source in signals { source.cancel() } }
  do {
    try await working.value
  } catch  where working.isCancelled {
    // The end that was asked for.
  }
}
