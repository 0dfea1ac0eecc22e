import ArgumentParser
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
