import ArgumentParser
import Billing
import Glibc
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

/// The operator recorded in the ledger.
struct OperatorOption: ParsableArguments {
  @Option(
    name: .customLong("operator"),
    help: ArgumentHelp(
      "The operator's name, for the record. Default: the user who called sudo, or this process's.",
      valueName: "name"))
  var operatorName: String?

  func validate() throws {
    if let operatorName { try checkPlainText(operatorName, of: "--operator") }
  }

  func name(in session: Session) throws -> String {
    let login = Login(environment: session.output.environment)
    guard let name = operatorName ?? login.name else {
      throw Misuse("--operator NAME is required: user \(login.user) of this machine has no name")
    }
    return name
  }
}

/// The user behind this process. `USER` and `LOGNAME` come last: a shell keeps them across `su`, a
/// timer has none, and the kernel knows better.
struct Login {
  let user: uid_t
  let environment: [String: String]
  private let nameOf: (uid_t) -> String?

  init(
    user: uid_t = getuid(), environment: [String: String],
    nameOf: @escaping (uid_t) -> String? = accountName
  ) {
    self.user = user
    self.environment = environment
    self.nameOf = nameOf
  }

  /// `SUDO_USER` counts only for root: any other user may have set it.
  var name: String? {
    let caller = user == 0 ? environment["SUDO_USER"] : nil
    return [caller, nameOf(user), environment["USER"], environment["LOGNAME"]].lazy
      .compactMap { $0 }.first { isPlain($0) }
  }

  private func isPlain(_ name: String) -> Bool {
    do {
      try checkPlainText(name, of: "")
      return true
    } catch {
      return false
    }
  }
}

/// From the machine's user database; containers often run users that it does not contain.
private func accountName(of user: uid_t) -> String? {
  var entry = passwd()
  var buffer = [CChar](repeating: 0, count: 16_384)
  var found: UnsafeMutablePointer<passwd>?
  guard getpwuid_r(user, &entry, &buffer, buffer.count, &found) == 0, let found else { return nil }
  return String(cString: found.pointee.pw_name)
}

/// A text by an operator that is kept in the ledger: a reason, a name, a reference. Must not be all
/// blank.
func checkPlainText(_ text: String, of option: String, longest: Int = 500) throws {
  guard !text.allSatisfy(\.isWhitespace), text.utf8.count <= longest,
    !text.unicodeScalars.contains(where: \.isControl)
  else {
    throw ValidationError(
      "\(option) must be 1 to \(longest) bytes of plain text, not all blank")
  }
}

/// The month a command is about: written out, or `last`, for timers and for people who do not want
/// to look up the date.
enum NamedPeriod: Equatable, Sendable {
  case month(Period)
  case last

  init(_ text: String) throws {
    self = text == "last" ? .last : .month(try Period(text))
  }

  /// `last` follows the UTC calendar. Only the ledger knows the accounts' time zones, so it is the
  /// ledger that decides whether the month has ended for all of them.
  func period(at now: Instant) throws -> Period {
    switch self {
    case .month(let period): period
    case .last: try Period(now.description.prefix(7)).previous
    }
  }
}
