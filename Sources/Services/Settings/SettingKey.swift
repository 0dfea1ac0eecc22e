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

extension SettingKey {
  private static let everyone = Set(ServiceName.allCases)
  private static let services = everyone.subtracting([.closectl])

  /// All settings, in the order of the help text.
  static let all: [SettingKey] = connections + trust + observation + work

  private static let connections: [SettingKey] = [
    .init(
      "BROKER_URL", \.brokerURL, .broker,
      default: "amqp://guest:guest@127.0.0.1:5672/", for: everyone, secrecy: .password,
      "RabbitMQ broker, amqps://user:password@host:port/vhost; list a cluster's nodes with commas"),
    .init(
      "DEAD_BROKER_URL", \.deadBrokerURL, .broker, default: nil, for: [.closectl],
      secrecy: .password,
      "the same broker for `closectl dead`, as a user with fewer rights; defaults to BROKER_URL"),
    .init(
      "STORE_URL", \.storeURL, .store, default: "sqlite:month-close.db", for: everyone,
      secrecy: .password, "ledger, sqlite:PATH or postgres://user:password@host/database"),
    .init(
      "STORE_CONNECTIONS", \.storeConnections, .integer(1...64),
      default: "\(PostgreSQLStore.usualConnections)", for: everyone,
      "maximum PostgreSQL connections; a SQLite store always uses three"),
    .init(
      "GATEWAY_URL", \.gatewayURL, .url("http", "https"), default: "http://127.0.0.1:12111",
      for: [.charger, .closectl], secrecy: .password,
      "payment gateway that implements Stripe's PaymentIntents API"),
    .init(
      "GATEWAY_KEY", \.gatewayKey, .secret, default: "sk_test_sandbox",
      for: [.charger, .closectl], secrecy: .secret, "secret key for the gateway"),
    .init(
      "SMTP_URL", \.smtpURL, .url("smtp", "smtps"), default: "smtp://127.0.0.1:2525",
      for: [.mailer], secrecy: .password,
      "mail server, smtp://host:port or smtps://user:password@host"),
    .init(
      "MAIL_FROM", \.mailFrom, .mailbox, default: "billing@localhost", for: [.mailer],
      "sender of the mails: an address, or Name <address>"),
    .init(
      "MAIL_ZERO_INVOICES", \.mailsZeroInvoices, .answer, default: "no", for: [.mailer],
      "whether to mail the zero invoice of an account that used nothing"),
  ]

  private static let trust: [SettingKey] = [
    .init(
      "BROKER_CA_FILE", \.brokerCAFile, .path, default: nil, for: everyone,
      "amqps: CA certificates used to verify the broker, PEM; defaults to the system's"),
    .init(
      "BROKER_CERT_FILE", \.brokerCertificateFile, .path, default: nil, for: everyone,
      "amqps: client certificate, PEM, if the broker asks for one"),
    .init(
      "BROKER_KEY_FILE", \.brokerKeyFile, .path, default: nil, for: everyone,
      "amqps: private key of the client certificate, PEM"),
    .init(
      "GATEWAY_CA_FILE", \.gatewayCAFile, .path, default: nil, for: [.charger, .closectl],
      "https: CA certificates used to verify the gateway, PEM; defaults to the system's"
    ),
    .init(
      "SMTP_CA_FILE", \.smtpCAFile, .path, default: nil, for: [.mailer],
      "smtps and STARTTLS: CA certificates used to verify the mail server, PEM"),
    .init(
      "ALLOW_PLAINTEXT", \.allowPlaintext, .plaintext, default: nil, for: everyone,
      "connections allowed to leave this machine without TLS; use only on a private network"),
  ]

  private static let observation: [SettingKey] = [
    .init(
      "LOG_LEVEL", \.logLevel, .logLevel, default: "info", for: everyone,
      "minimum log level"),
    .init(
      "LOG_FORMAT", \.logFormat, .logFormat, default: "text", for: everyone,
      "format of the log lines on standard error"),
    .init(
      "HTTP_ADDRESS", \.httpAddress, .address, default: nil, for: services,
      "address that serves /healthz, /readyz and /metrics; off by default"),
    .init(
      "CLOCK_FILE", \.clockFile, .path, default: nil, for: everyone,
      "for sandbox runs only: file with the number of seconds to shift the clock by"),
    .init(
      "CRASH_AT", \.crashPoint, .crashPoint, default: nil, for: services,
      "for crash tests only: boundary at which the process kills itself, on reaching it N times"),
  ]

  private static let work: [SettingKey] = [
    .init(
      "BATCH", \.batch, .integer(1...1000), default: "64", for: services,
      "maximum number of messages processed in one transaction"),
    .init(
      "PREFETCH", \.prefetch, .integer(1...2000), default: "200", for: services,
      "number of messages fetched from the broker in advance"),
    .init(
      "LANES", \.lanes, .integer(1...64), default: "2", for: services,
      "number of batches processed at the same time"),
    .init(
      "RANGE_SIZE", \.rangeSize, .integer(1...1000), default: "50", for: [.invoicer],
      "number of accounts in one range of a close"),
    .init(
      "MONTHS_BACK", \.monthsBack, .integer(1...1200),
      default: "\(StartSituation.usualMonthsBack)", for: [.invoicer, .closectl],
      "how many months back may be closed without --past; 1 allows only the last month"),
    .init(
      "IN_FLIGHT", \.inFlight, .integer(1...1000), default: "64", for: [.charger],
      "maximum number of simultaneous calls to the gateway"),
    .init(
      "GATEWAY_TIMEOUT", \.gatewayTimeoutSeconds, .integer(1...600), default: "30",
      for: [.charger], "seconds to wait for an answer from the gateway"),
    .init(
      "RETRY_DAYS", \.retryDays, .days, default: "3,5,7", for: [.charger],
      "days after the first attempt on which to retry a card after a soft decline"),
    .init(
      "RETRY_DELAYS", \.retryDelays, .delays, default: "1s,10s,1m,10m,1h", for: everyone,
      "delays between retries of a failed message, after which it becomes a dead letter"),
    .init(
      "MAIL_CONNECTIONS", \.mailConnections, .integer(1...64), default: "4", for: [.mailer],
      "number of connections to the mail server"),
    .init(
      "STOP_TIMEOUT", \.stopTimeoutSeconds, .integer(1...600), default: "20", for: services,
      "seconds allowed to finish work in progress after a request to stop"),
  ]
}
