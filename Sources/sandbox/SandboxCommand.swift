import ArgumentParser
import Dispatch
import Endpoints
import Glibc

/// The program: a gateway to charge against, a faulty connection to it, and a sample month.
@main
struct SandboxCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sandbox",
    abstract: "For trials and tests: a payment gateway and a proxy with faults, and sample data.",
    subcommands: [ServeCommand.self, ProxyCommand.self, SampleCommand.self])

  static func main() async {
    // If the reader of the log or of an answer is gone, a write fails; the program does not end.
    ProcessSignals.ignoreBrokenPipes()
    await main(nil)
  }
}

/// Runs the work until it ends, or until SIGTERM or SIGINT cancels it, which is no error. Requests
/// that hang on purpose do not keep the program alive.
func untilStopped(_ work: @escaping @Sendable () async throws -> Void) async throws {
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
    // Cancelled as requested.
  }
}
