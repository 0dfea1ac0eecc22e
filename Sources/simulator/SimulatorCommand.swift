import ArgumentParser
import Foundation
import Glibc

@main
struct SimulatorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulator",
    abstract: "Close small months under every known fault, reproducibly from a seed.",
    subcommands: [RunSeeds.self, TraceSeed.self, Writers.self], defaultSubcommand: RunSeeds.self)

  /// Swift's sets and dictionaries are in another order in each process unless configured at its
  /// start that they must not be.
  static func main() {
    let key = "SWIFT_DETERMINISTIC_HASHING"
    if getenv(key) == nil {
      setenv(key, "1", 1)
      var arguments = CommandLine.arguments.map { strdup($0) } + [nil]
      execv("/proc/self/exe", &arguments)
      FileHandle.standardError.write(Data("simulator: cannot restart itself\n".utf8))
      Foundation.exit(3)
    }
    self.main(nil)
  }
}

struct MonthOptions: ParsableArguments {
  @Option(help: "Number of accounts in each simulated month.")
  var accounts = 20
  @Option(help: "A guard to remove, to check that the simulator notices (docs/testing.md).")
  var without: SimulatedGuard?

  func options(seed: UInt64 = 0, keepsTrace: Bool = false) -> SimulationOptions {
    SimulationOptions(
      seed: seed, accounts: accounts, removed: without, keepsTrace: keepsTrace)
  }
}

extension SimulatedGuard: ExpressibleByArgument {}

struct RunSeeds: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run many seeds; exits 1 if any of them breaks an invariant.")

  @Option(help: "Number of seeds.")
  var seeds = 300
  @Option(help: "The first seed.")
  var first: UInt64 = 1
  @Option(help: "Threads.")
  var threads = ProcessInfo.processInfo.activeProcessorCount
  @Flag(help: "Continue after a failure.")
  var keepGoing = false
  @OptionGroup var month: MonthOptions

  func validate() throws {
    guard seeds > 0, threads > 0, (1...1000).contains(month.accounts) else {
      throw ValidationError("expected --seeds and --threads above 0, --accounts from 1 to 1000")
    }
  }

  func run() throws {
    let began = Date()
    let campaign = Campaign(
      month.options(), first: first, count: seeds, stopsAtFailure: !keepGoing)
    let total = campaign.run(threads: threads) { done in
      guard done % 500 == 0 else { return }
      FileHandle.standardError.write(Data("  \(done) of \(seeds) seeds\n".utf8))
    }
    let seconds = Date().timeIntervalSince(began)
    let report = CampaignReport(total: total, accounts: month.accounts, seconds: seconds)
    print(report.text)
    for error in total.errors { print("error: \(error)") }
    if !total.errors.isEmpty { throw ExitCode(3) }
    if !total.failures.isEmpty || !report.missed.isEmpty { throw ExitCode(1) }
  }
}

struct TraceSeed: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trace", abstract: "Run one seed and print everything that happens.")

  @Argument(help: "The seed.")
  var seed: UInt64
  @OptionGroup var month: MonthOptions

  func run() throws {
    let runner = try SeedRunner(month.options(keepsTrace: true), name: "trace")
    defer { runner.remove() }
    let result = try runner.run(seed: seed)
    for line in result.trace { print(line) }
    print("seed \(seed): \(result.lines) lines, digest \(String(result.digest, radix: 16))")
    if let violation = result.violation {
      print("\(violation.invariant) is broken: \(violation.what)")
      throw ExitCode(1)
    }
  }
}
