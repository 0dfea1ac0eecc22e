import Billing
import Ledger

extension SettingKey {
  private static let everyone = Set(ServiceName.allCases)
  private static let services = everyone.subtracting([.closectl])

  /// Every setting there is, in the order of the help text.
  static let all: [SettingKey] = connections + trust + observation + work

  private static let connections: [SettingKey] = [
    .init(
      "BROKER_URL", \.brokerURL, .broker,
      default: "amqp://guest:guest@127.0.0.1:5672/", for: everyone, secrecy: .password,
      "the RabbitMQ broker: amqps://user:password@host:port/vhost; its nodes separated by commas"),
    .init(
      "DEAD_BROKER_URL", \.deadBrokerURL, .broker, default: nil, for: [.closectl],
      secrecy: .password,
      "the same broker for `closectl dead`, as a user with fewer rights; BROKER_URL when absent"),
    .init(
      "STORE_URL", \.storeURL, .store, default: "sqlite:month-close.db", for: everyone,
      secrecy: .password, "the ledger: sqlite:PATH or postgres://user:password@host/database"),
    .init(
      "STORE_CONNECTIONS", \.storeConnections, .integer(1...64),
      default: "\(PostgreSQLStore.usualConnections)", for: everyone,
      "connections to PostgreSQL at most; a store in SQLite has three of its own"),
    .init(
      "GATEWAY_URL", \.gatewayURL, .url("http", "https"), default: "http://127.0.0.1:12111",
      for: [.charger, .closectl], secrecy: .password,
      "the payment gateway, speaking Stripe's PaymentIntents API"),
    .init(
      "GATEWAY_KEY", \.gatewayKey, .secret, default: "sk_test_sandbox",
      for: [.charger, .closectl], secrecy: .secret, "the gateway's secret key"),
    .init(
      "SMTP_URL", \.smtpURL, .url("smtp", "smtps"), default: "smtp://127.0.0.1:2525",
      for: [.mailer], secrecy: .password,
      "the mail server: smtp://host:port or smtps://user:password@host"),
    .init(
      "MAIL_FROM", \.mailFrom, .mailbox, default: "billing@localhost", for: [.mailer],
      "the sender of mails: an address, or: Name <address>"),
    .init(
      "MAIL_ZERO_INVOICES", \.mailsZeroInvoices, .answer, default: "no", for: [.mailer],
      "whether an account that used nothing is sent its invoice over nothing"),
  ]

  private static let trust: [SettingKey] = [
    .init(
      "BROKER_CA_FILE", \.brokerCAFile, .path, default: nil, for: everyone,
      "amqps: the authorities that may vouch for the broker, PEM; those of the system when absent"),
    .init(
      "BROKER_CERT_FILE", \.brokerCertificateFile, .path, default: nil, for: everyone,
      "amqps: our own certificate, PEM, where the broker asks for one"),
    .init(
      "BROKER_KEY_FILE", \.brokerKeyFile, .path, default: nil, for: everyone,
      "amqps: the key of our own certificate, PEM"),
    .init(
      "GATEWAY_CA_FILE", \.gatewayCAFile, .path, default: nil, for: [.charger, .closectl],
      "https: the authorities that may vouch for the gateway, PEM; those of the system when absent"
    ),
    .init(
      "SMTP_CA_FILE", \.smtpCAFile, .path, default: nil, for: [.mailer],
      "smtps and STARTTLS: the authorities that may vouch for the mail server, PEM"),
    .init(
      "ALLOW_PLAINTEXT", \.allowPlaintext, .plaintext, default: nil, for: everyone,
      "connections that may go to another machine without TLS: only on a network that is private"),
  ]

  private static let observation: [SettingKey] = [
    .init(
      "LOG_LEVEL", \.logLevel, .logLevel, default: "info", for: everyone,
      "what is logged at least"),
    .init(
      "LOG_FORMAT", \.logFormat, .logFormat, default: "text", for: everyone,
      "the form of log lines, on standard error"),
    .init(
      "HTTP_ADDRESS", \.httpAddress, .address, default: nil, for: services,
      "where /healthz, /readyz and /metrics are served; off when absent"),
    .init(
      "CLOCK_FILE", \.clockFile, .path, default: nil, for: everyone,
      "for trying things out only: a file with the seconds by which the clock is off"),
    .init(
      "CRASH_AT", \.crashPoint, .crashPoint, default: nil, for: services,
      "for tests of crashes only: the boundary at which the process kills itself, the Nth time"),
  ]

  private static let work: [SettingKey] = [
    .init(
      "BATCH", \.batch, .integer(1...1000), default: "64", for: services,
      "messages worked in one transaction at most"),
    .init(
      "PREFETCH", \.prefetch, .integer(1...2000), default: "200", for: services,
      "messages taken from the broker ahead of the work"),
    .init(
      "LANES", \.lanes, .integer(1...64), default: "2", for: services,
      "batches worked at the same time"),
    .init(
      "RANGE_SIZE", \.rangeSize, .integer(1...1000), default: "50", for: [.invoicer],
      "accounts in one range of a close"),
    .init(
      "MONTHS_BACK", \.monthsBack, .integer(1...1200),
      default: "\(StartSituation.usualMonthsBack)", for: [.invoicer, .closectl],
      "how many months back may be closed without being asked for; 1 is the last month alone"),
    .init(
      "IN_FLIGHT", \.inFlight, .integer(1...1000), default: "64", for: [.charger],
      "calls to the gateway at the same time"),
    .init(
      "GATEWAY_TIMEOUT", \.gatewayTimeoutSeconds, .integer(1...600), default: "30",
      for: [.charger], "seconds to wait for the gateway's answer"),
    .init(
      "RETRY_DAYS", \.retryDays, .days, default: "3,5,7", for: [.charger],
      "days after the first attempt on which a softly declined card is tried again"),
    .init(
      "RETRY_DELAYS", \.retryDelays, .delays, default: "1s,10s,1m,10m,1h", for: everyone,
      "pauses before a failed message is tried again; then it is a dead letter"),
    .init(
      "MAIL_CONNECTIONS", \.mailConnections, .integer(1...64), default: "4", for: [.mailer],
      "connections to the mail server"),
    .init(
      "STOP_TIMEOUT", \.stopTimeoutSeconds, .integer(1...600), default: "20", for: services,
      "seconds to finish what is in work when told to stop"),
  ]
}
