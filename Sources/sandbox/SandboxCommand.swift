import ArgumentParser

/// The program's door: a gateway to charge against and a sample month to charge.
@main
struct SandboxCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sandbox",
    abstract: "For trying and testing: a payment gateway with faults on demand, and sample data.",
    subcommands: [ServeCommand.self, SampleCommand.self])
}
