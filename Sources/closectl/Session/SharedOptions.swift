import ArgumentParser
import Billing
import Services

/// Options common to all commands. More settings come from the environment.
struct SharedOptions: ParsableArguments {
  @Option(
    name: .customLong("store-url"),
    help: ArgumentHelp(
      "The ledger: sqlite:PATH or postgres://…; MONTHCLOSE_STORE_URL, or sqlite:month-close.db",
      valueName: "url"))
  var storeURL: String?

  @Option(
    name: .customLong("broker-url"),
    help: ArgumentHelp(
      "The broker: amqp://host:port/vhost. Put the password in MONTHCLOSE_BROKER_URL.",
      valueName: "url"))
  var brokerURL: String?

  @Option(
    name: .customLong("clock-file"),
    help: ArgumentHelp(
      "For sandbox runs: a file with the number of seconds to shift the clock by.",
      valueName: "file"))
  var clockFile: String?

  @Flag(
    name: .customLong("json"), help: "Write one JSON document and nothing else to standard output.")
  var json = false

  /// The environment, overridden by these options.
  func settings(_ environment: [String: String]) throws -> Settings {
    let given = [
      ("--store-url", storeURL), ("--broker-url", brokerURL), ("--clock-file", clockFile),
    ]
    let arguments = given.flatMap { name, value in value.map { [name, $0] } ?? [] }
    return try Settings.read(service: .closectl, environment: environment, arguments: arguments)
  }
}

/// A verb: parsed by the library and executed by `Program`.
protocol OperatorCommand: AsyncParsableCommand {
  var shared: SharedOptions { get }
  func perform(in session: Session) async throws -> CommandOutput
}
