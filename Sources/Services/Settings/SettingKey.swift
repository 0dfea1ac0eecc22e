import Billing
import Endpoints
import Ledger

/// One row of the settings table, from which reading, validation and help text are derived.
struct SettingKey: Sendable {
  enum Secrecy: Sendable {
    case open
    /// May contain a password: redacted when shown, readable from a file, and not accepted from a
    /// flag if it contains a password.
    case password
    /// Never a flag, never shown.
    case secret
  }

  /// Without `MONTHCLOSE_`: `BROKER_URL`.
  let name: String
  let defaultText: String?
  let expects: String
  let meaning: String
  let secrecy: Secrecy
  /// The programs that use it; the others ignore it.
  let users: Set<ServiceName>
  /// Stores the value; `false` if it is not as expected.
  let apply: @Sendable (String, inout Settings) -> Bool

  init<Value>(
    _ name: String, _ property: any WritableKeyPath<Settings, Value> & Sendable,
    _ form: SettingParser<Value>, default defaultText: String?, for users: Set<ServiceName>,
    secrecy: Secrecy = .open, _ meaning: String
  ) {
    self.name = name
    self.defaultText = defaultText
    self.expects = form.expects
    self.meaning = meaning
    self.secrecy = secrecy
    self.users = users
    self.apply = { text, settings in
      guard let value = form.parse(text) else { return false }
      settings[keyPath: property] = value
      return true
    }
  }

  static let prefix = "MONTHCLOSE_"
  var variable: String { Self.prefix + name }
  var fileVariable: String? { secrecy == .open ? nil : variable + "_FILE" }
  var flag: String? {
    secrecy == .secret
      ? nil : "--" + name.lowercased().map { $0 == "_" ? "-" : String($0) }.joined()
  }
  var defaultValue: (text: String, origin: String)? { defaultText.map { ($0, variable) } }

  /// The value as a log may hold it.
  func shown(_ text: String) -> String {
    switch secrecy {
    case .open: text
    case .password: Redaction.withoutPassword(text)
    case .secret: Redaction.mask
    }
  }

  /// The value as an error may show it.
  func found(_ text: String) -> String {
    secrecy == .secret
      ? "\(text.utf8.count) bytes of something else" : "\"\(Redaction.printable(shown(text)))\""
  }
}
