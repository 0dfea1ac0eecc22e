import Broker
import Endpoints
import Glibc

/// The sources of a setting's text (flag, variable, file) and their faults.
struct SettingSources {
  private let environment: [String: String]
  private var flags: [String: String] = [:]
  private(set) var mode = Settings.Mode.run
  var problems: [String] = []
  private(set) var warnings: [String] = []

  init(environment: [String: String]) {
    self.environment = environment.filter {
      $0.key.hasPrefix(SettingKey.prefix) && !$0.value.isEmpty
        && !$0.key.hasPrefix(SettingKey.prefix + "TEST_")
    }
  }

  // MARK: Arguments

  mutating func take(_ arguments: [String]) {
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      switch argument {
      case "--check": if mode == .run { mode = .check }
      case "--health": if mode == .run { mode = .health }
      case "--version": mode = .version
      case "--help", "-h": mode = .help
      default: takeFlag(argument, &rest)
      }
    }
  }

  private mutating func takeFlag(_ argument: String, _ rest: inout ArraySlice<String>) {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let flag = String(parts[0])
    guard let key = SettingKey.all.first(where: { $0.flag == flag }) else {
      problems.append(unknownFlag(flag))
      if parts.count == 1, rest.first?.hasPrefix("-") == false { rest.removeFirst() }
      return
    }
    guard let text = parts.count == 2 ? String(parts[1]) : rest.popFirst() else {
      return problems.append("\(flag): expected a value after it, found nothing")
    }
    guard flags.updateValue(text, forKey: key.name) == nil else {
      return problems.append("\(flag): expected once, found twice")
    }
    let hasPassword = BrokerURL.parts(of: text).contains { ServerURL($0)?.password != nil }
    if key.secrecy == .password, text != key.defaultText, hasPassword {
      problems.append(
        "\(flag): expected no password in a flag, where others can see it; "
          + "use \(key.variable) or \(key.variable)_FILE")
    }
  }

  private func unknownFlag(_ flag: String) -> String {
    if let key = SettingKey.all.first(where: { "--" + $0.name.lowercased() == flag.dashed }) {
      return "\(flag): expected in \(key.variable) or \(key.variable)_FILE, never as a flag"
    }
    let known = SettingKey.all.compactMap(\.flag) + ["--check", "--health", "--version", "--help"]
    let nearest = Suggestion.name(to: flag, among: known)
    return "\(Redaction.printable(flag)): expected a known flag (nearest: \(nearest)); see --help"
  }

  /// The key of a certificate, which a library reads.
  mutating func check(key file: String, _ name: String) {
    let descriptor = open(file, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    if descriptor < 0 { return }  // The library reports why when it reads the file.
    defer { close(descriptor) }
    if let why = FileRights.whyUnsafe(descriptor) {
      problems.append("\(SettingKey.prefix)\(name): expected a key file, found \(why) (\(file))")
    }
    warn(of: file, SettingKey.prefix + name)
  }

  /// A secret file that everybody can read.
  mutating func warn(of file: String, _ origin: String) {
    guard FileRights.isOpenToAll(file) else { return }
    warnings.append(
      "\(origin): every user on this machine can read \(file); restrict it to its owner "
        + "(chmod 600) or its group (640)")
  }

  // MARK: Environment

  mutating func checkVariableNames() {
    let known = SettingKey.all.flatMap { [$0.variable, $0.fileVariable].compactMap { $0 } }
    for name in environment.keys.sorted() where !known.contains(name) {
      let nearest = Suggestion.name(to: name, among: known)
      problems.append("\(Redaction.printable(name)): expected a known key, nearest is \(nearest)")
    }
  }

  /// The text and where it is from; `nil` when nothing was given.
  mutating func value(of key: SettingKey) -> (text: String, origin: String)? {
    let variable = environment[key.variable]
    let file = key.fileVariable.flatMap { environment[$0] }
    if variable != nil, file != nil {
      problems.append("\(key.variable): expected this or \(key.variable)_FILE, found both")
    }
    if let flag = key.flag, let text = flags[key.name] { return (text, flag) }
    if let variable { return (variable, key.variable) }
    guard let file else { return nil }
    let origin = "\(key.variable)_FILE"
    do {
      let secret = try SecretFile.read(file)
      warn(of: file, origin)
      return (secret, origin)
    } catch {
      problems.append("\(origin): expected a file with one line, found \(error.why) (\(file))")
      return nil
    }
  }
}

extension String {
  /// `--gateway-key` and `--gateway_key` alike.
  fileprivate var dashed: String {
    "--" + dropFirst(2).map { $0 == "-" ? "_" : String($0) }.joined()
  }
}

/// The known name most similar to a mistyped one.
public enum Suggestion {
  public static func name(to typed: String, among known: [String]) -> String {
    let typed = String(typed.prefix(100))
    return known.min { distance(typed, $0) < distance(typed, $1) } ?? ""
  }

  /// Levenshtein: letters inserted, left out or changed.
  public static func distance(_ a: String, _ b: String) -> Int {
    let other = Array(b.utf8)
    var row = Array(0...other.count)
    for (i, letter) in a.utf8.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for j in other.indices {
        let change = diagonal + (letter == other[j] ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(change, row[j] + 1, row[j + 1] + 1)
      }
    }
    return row[other.count]
  }
}
