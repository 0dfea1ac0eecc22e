import ArgumentParser
import Broker

struct ProbeGroup: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "probe", abstract: "Measures what the machine can do, for benchmarks.",
    shouldDisplay: false, subcommands: [])
}
