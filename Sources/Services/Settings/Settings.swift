import Billing
import Broker
import Endpoints
import Ledger
import Logging

/// All configuration of a program, read once at start and validated as a whole. The table
/// `SettingKey.all` lists the settings; this is how programs see them.
public struct Settings: Sendable {
  public enum Mode: Sendable, Equatable {
    case run, check, health, version, help
  }

  public var mode = Mode.run
  public var brokerURL = ""
  /// Empty: as `brokerURL`.
  public var deadBrokerURL = ""
  /// `nil`: the authorities of the system; the same for gateway and mail server.
  public var brokerCAFile: String?
  public var brokerCertificateFile: String?
  public var brokerKeyFile: String?
  public var gatewayCAFile: String?
  public var smtpCAFile: String?
  public var allowPlaintext: Set<PlaintextConnection> = []
  public var storeURL = ""
  /// At most, to a store on a server.
  public var storeConnections = 0
  public var gatewayURL = ""
  public var gatewayKey = ""
  public var smtpURL = ""
  public var mailFrom = ""
  /// Includes invoices with a total of zero for accounts without usage.
  public var mailsZeroInvoices = false
  public var logLevel = Logger.Level.info
  public var logFormat = LogFormat.text
  /// `nil`: no health and metrics.
  public var httpAddress: ListenAddress?
  /// `nil`: the system's clock.
  public var clockFile: String?
  /// `nil`: the process does not kill itself.
  public var crashPoint: CrashTrigger?
  public var batch = 0
  public var prefetch = 0
  public var inFlight = 0
  public var lanes = 0
  public var mailConnections = 0
  public var rangeSize = 0
  public var monthsBack = 0
  /// Days after the first attempt, one for each further attempt.
  public var retryDays: [Int] = []
  /// Before each further delivery of a message that failed.
  public var retryDelays: [Duration] = []
  public var gatewayTimeoutSeconds = 0
  public var stopTimeoutSeconds = 0
  /// Problems that should be fixed but keep no program from starting: one sentence each.
  public private(set) var warnings: [String] = []
  /// As they were read, for `describe`.
  private var texts: [String: String] = [:]

  /// For people: without a password.
  public var shownStoreURL: String { Redaction.withoutPassword(storeURL) }

  init() {}

  /// Reads the environment and the arguments (without the program's name). A flag takes precedence
  /// over the environment. An empty variable counts as not set. Throws all problems at once.
  ///
  /// `service`: the service whose arguments they are. It does not affect which keys are known, so
  /// that one environment serves all programs. What a service does not connect to may be without
  /// TLS.
  public static func read(
    service: ServiceName?, environment: [String: String], arguments: [String]
  ) throws(SettingsError) -> Settings {
    var sources = SettingSources(environment: environment)
    sources.take(arguments)
    var settings = Settings()
    settings.mode = sources.mode
    if settings.mode == .help || settings.mode == .version {
      sources = SettingSources(environment: [:])
    }
    sources.checkVariableNames()
    for key in SettingKey.all {
      guard let given = sources.value(of: key) ?? key.defaultValue else { continue }
      if key.apply(given.text, &settings) {
        settings.texts[key.name] = key.shown(given.text)
      } else {
        sources.problems.append(
          "\(given.origin): expected \(key.expects), found \(key.found(given.text))")
      }
    }
    sources.problems += settings.plaintextProblems(of: service)
    if let file = settings.brokerKeyFile { sources.check(key: file, "BROKER_KEY_FILE") }
    settings.warnings = sources.warnings
    guard sources.problems.isEmpty else { throw SettingsError(problems: sources.problems) }
    return settings
  }

  /// One line per key, with secrets and passwords redacted: suitable for a log.
  public func describe() -> [String] {
    SettingKey.all.map { "\($0.variable)=\(texts[$0.name] ?? "")" }
  }
}

/// Why a program cannot start with the settings it was given.
public struct SettingsError: Error, Equatable, CustomStringConvertible {
  /// One sentence each: key, what was expected, what was found.
  public let problems: [String]

  public init(problems: [String]) { self.problems = problems }

  public var description: String { problems.joined(separator: "\n") }
}

/// Connections that may go to another machine without TLS if named explicitly.
public enum PlaintextConnection: String, Sendable, CaseIterable {
  case broker, gateway, mail
}

extension Settings {
  /// The broker's nodes with the files for TLS, in the order in which they are tried.
  public func brokerNodes() throws(BrokerError) -> [BrokerURL] {
    try BrokerURL.nodes(
      parsing: brokerURL,
      files: BrokerURL.TLS(
        caFile: brokerCAFile, certificateFile: brokerCertificateFile, keyFile: brokerKeyFile))
  }

  /// To other machines everything is encrypted unless explicitly allowed otherwise: the data
  /// contains passwords, customers' names and amounts. Mail has no rule here: without `mail` it
  /// insists on STARTTLS.
  func plaintextProblems(of service: ServiceName?) -> [String] {
    let urls = BrokerURL.parts(of: brokerURL)
    let dead = deadBrokerURL.isEmpty ? [] : BrokerURL.parts(of: deadBrokerURL)
    let plain: [(key: String, urls: [String], instead: String, connection: PlaintextConnection)] = [
      ("BROKER_URL", urls, "amqps", .broker), ("DEAD_BROKER_URL", dead, "amqps", .broker),
      ("GATEWAY_URL", [gatewayURL], "https", .gateway),
    ]
    return plain.flatMap { rule -> [String] in
      let isUsed = SettingKey.all.contains { key in
        key.name == rule.key && service.map { key.users.contains($0) } ?? true
      }
      if !isUsed || allowPlaintext.contains(rule.connection) { return [] }
      return rule.urls.compactMap { text in
        guard let url = ServerURL(text), url.scheme != rule.instead, !url.isLoopback else {
          return nil
        }
        return "\(SettingKey.prefix)\(rule.key): expected \(rule.instead)://, because "
          + "\(Redaction.printable(url.host)) is another machine, found \(url.scheme)://; on a "
          + "private network: "
          + "\(SettingKey.prefix)ALLOW_PLAINTEXT=\(rule.connection.rawValue)"
      }
    }
  }
}

extension Settings {
  /// What `--help` prints after the program's own first lines: every setting of a service, or of
  /// all when none is named.
  public static func helpText(for service: ServiceName?) -> String {
    let keys = SettingKey.all.filter { key in service.map { key.users.contains($0) } ?? true }
    let name = service?.rawValue ?? "PROGRAM"
    let modes = """
      usage: \(name) [SETTINGS]
             \(name) --check [SETTINGS]   check settings, store and broker; exit 0 or 1
             \(name) --health [SETTINGS]  check whether the running service is ready; exit 0 or 1
             \(name) --version | --help

      Settings come from the environment; most can also be given as a flag, which takes precedence.
      Secrets come from the environment or from the file named by KEY_FILE.

      """
    return modes + keys.map(paragraph).joined()
  }

  private static func paragraph(_ key: SettingKey) -> String {
    let names = [key.flag.map { "\($0) VALUE" }, key.variable, key.fileVariable]
      .compactMap { $0 }.joined(separator: ", ")
    let fallback = key.defaultText.map { "; default \(key.shown($0))" } ?? ""
    return """

        \(names)
            \(key.meaning)
            \(key.expects)\(fallback)

      """
  }
}
