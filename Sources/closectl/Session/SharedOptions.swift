import ArgumentParser
import Billing
import Services

/// What every command takes. More settings come from the environment.
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
      "The broker: amqp://host:port/vhost. A password belongs into MONTHCLOSE_BROKER_URL.",
      valueName: "url"))
  var brokerURL: String?

  @Option(
    name: .customLong("clock-file"),
    help: ArgumentHelp(
      "For trying things out: a file with the seconds by which the clock is off.",
      valueName: "file"))
  var clockFile: String?

  @Flag(
    name: .customLong("json"), help: "One JSON document on standard output, nothing else there.")
  var json = false

  /// The environment, and these options before it.
  func settings(_ environment: [String: String]) throws -> Settings {
    let given = [
      ("--store-url", storeURL), ("--broker-url", brokerURL), ("--clock-file", clockFile),
    ]
    let arguments = given.flatMap { name, value in value.map { [name, $0] } ?? [] }
    return try Settings.read(service: .closectl, environment: environment, arguments: arguments)
  }
}

/// A verb: it is parsed by the library and carried out by `Program`.
protocol OperatorCommand: AsyncParsableCommand {
  var shared: SharedOptions { get }
  func perform(in session: Session) async throws -> Answer
}
