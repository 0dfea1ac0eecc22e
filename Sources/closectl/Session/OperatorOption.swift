import ArgumentParser
import Glibc

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
