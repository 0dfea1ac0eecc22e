import Billing
import Glibc
import Ledger
import Testing

@testable import Services

@Suite struct SettingsTests {
  private func read(
    _ environment: [String: String] = [:], _ arguments: [String] = []
  ) throws -> Settings {
    try Settings.read(service: .charger, environment: environment, arguments: arguments)
  }

  private func problems(
    _ environment: [String: String] = [:], _ arguments: [String] = []
  ) throws -> [String] {
    try #require(throws: SettingsError.self) { try read(environment, arguments) }.problems
  }

  private func withFile<Result>(
    _ content: String, _ body: (String) throws -> Result
  ) throws -> Result {
    var name = Array("/tmp/month-close-secret-XXXXXX".utf8CString)
    let descriptor = mkstemp(&name)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    let path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { unlink(path) }
    try #require(write(descriptor, content, content.utf8.count) == content.utf8.count)
    return try body(path)
  }

  @Test func `Defaults are the documented ones`() throws {
    let settings = try read()
    #expect(settings.mode == .run)
    #expect(settings.brokerURL == "amqp://guest:guest@127.0.0.1:5672/")
    #expect(settings.storeURL == "sqlite:month-close.db")
    #expect(settings.httpAddress == nil && settings.clockFile == nil)
    #expect(settings.batch == 64 && settings.prefetch == 200 && settings.inFlight == 64)
    #expect(settings.lanes == 2 && settings.mailConnections == 4 && settings.rangeSize == 50)
    #expect(settings.retryDays == [3, 5, 7])
    #expect(
      settings.retryDelays == [1, 10, 60, 600, 3600].map { Duration.seconds($0) })
    #expect(settings.gatewayTimeoutSeconds == 30 && settings.stopTimeoutSeconds == 20)
    #expect(settings.logLevel == .info && settings.logFormat == .text)
  }

  @Test func `Flags beat the environment`() throws {
    let environment = ["MONTHCLOSE_BATCH": "10", "MONTHCLOSE_LANES": "3"]
    let settings = try read(environment, ["--batch", "20", "--http-address=127.0.0.1:8080"])
    #expect(settings.batch == 20 && settings.lanes == 3)
    #expect(settings.httpAddress == ListenAddress("127.0.0.1:8080"))
  }

  @Test func `An empty variable counts as not set`() throws {
    #expect(try read(["MONTHCLOSE_BATCH": ""]).batch == 64)
  }

  @Test func `Modes are flags`() throws {
    #expect(try read([:], ["--check"]).mode == .check)
    #expect(try read([:], ["--health"]).mode == .health)
    #expect(try read([:], ["--version"]).mode == .version)
    #expect(try read(["MONTHCLOSE_BATCH": "x"], ["--nonsense", "--help"]).mode == .help)
  }

  @Test func `Every problem is reported at once`() throws {
    let found = try problems(
      ["MONTHCLOSE_BATCH": "0", "MONTHCLOSE_LOG_FORMAT": "xml"], ["--lanes", "many", "--batsch=3"])
    #expect(
      found == [
        "--batsch: expected a known flag (nearest: --batch); see --help",
        #"MONTHCLOSE_LOG_FORMAT: expected text or json, found "xml""#,
        #"MONTHCLOSE_BATCH: expected a whole number from 1 to 1000, found "0""#,
        #"--lanes: expected a whole number from 1 to 64, found "many""#,
      ])
  }

  @Test func `A mistyped variable is named with its nearest key`() throws {
    let found = try problems(["MONTHCLOSE_STORE_URI": "sqlite:x.db", "MONTHCLOSE_TEST_KILL": "a"])
    let expected = "MONTHCLOSE_STORE_URI: expected a known key, nearest is MONTHCLOSE_STORE_URL"
    #expect(found == [expected])
  }

  static let bad: [(String, String)] = [
    ("BROKER_URL", "http://127.0.0.1/"), ("BROKER_URL", "amqp://"), ("BROKER_URL", "localhost"),
    ("BROKER_URL", "amqps://a/,amqps://"), ("BROKER_URL", "amqps://a/,"),
    ("ALLOW_PLAINTEXT", "all"), ("ALLOW_PLAINTEXT", "broker,,mail"),
    ("STORE_URL", "sqlite:"), ("STORE_URL", "mysql://x/y"), ("STORE_URL", "month-close.db"),
    ("GATEWAY_URL", "ftp://x"), ("GATEWAY_KEY", "two words"), ("SMTP_URL", "smtp://h:0"),
    ("SMTP_URL", "smtp://user:%zz@h"), ("SMTP_URL", "smtp://user:%0a@h"), ("MAIL_FROM", "billing"),
    ("MAIL_FROM", "a@b\r\nBcc: c@d"), ("LOG_LEVEL", "loud"), ("HTTP_ADDRESS", "8080"),
    ("HTTP_ADDRESS", "::1:80"), ("RETRY_DAYS", "3,,5"), ("RETRY_DAYS", "0"), ("RETRY_DAYS", "5,3"),
    ("RETRY_DAYS", "3,3"),
    ("RETRY_DELAYS", "10s,1s"), ("RETRY_DELAYS", "5"), ("RETRY_DELAYS", "2d"),
    ("STOP_TIMEOUT", "-1"), ("GATEWAY_TIMEOUT", "1.5"),
  ]

  @Test(arguments: bad)
  func `What is not expected is refused by key`(_ name: String, _ value: String) throws {
    let found = try problems(["MONTHCLOSE_\(name)": value])
    #expect(found.count == 1)
    #expect(found[0].hasPrefix("MONTHCLOSE_\(name): expected "))
    #expect(!found[0].contains("\n") && !found[0].contains("\r"))
  }

  @Test(arguments: [
    ("STORE_URL", "postgres://u:p@host/db"), ("STORE_URL", "sqlite:/var/lib/month close.db"),
    ("HTTP_ADDRESS", ":8080"), ("HTTP_ADDRESS", "[::1]:8080"),
    ("MAIL_FROM", "Example Cloud <billing@example.com>"), ("SMTP_URL", "smtps://u%40x:p%3A@[::1]"),
    ("RETRY_DAYS", "1"), ("RETRY_DELAYS", "5s"), ("LOG_LEVEL", "trace"),
  ])
  func `What is expected passes`(_ name: String, _ value: String) throws {
    _ = try read(["MONTHCLOSE_\(name)": value])
  }

  // MARK: Secrets

  @Test func `Secrets come from a file`() throws {
    try withFile("sk_live_123\n") { (file: String) throws in
      #expect(try read(["MONTHCLOSE_GATEWAY_KEY_FILE": file]).gatewayKey == "sk_live_123")
    }
    try withFile("amqps://u:p@host/") { (file: String) throws in
      #expect(try read(["MONTHCLOSE_BROKER_URL_FILE": file]).brokerURL == "amqps://u:p@host/")
    }
  }

  @Test func `A secret file that cannot be used is named`() throws {
    let found = try problems(["MONTHCLOSE_GATEWAY_KEY_FILE": "/nowhere/key"])
    #expect(
      found == [
        "MONTHCLOSE_GATEWAY_KEY_FILE: expected a file with one line, "
          + "found No such file or directory (/nowhere/key)"
      ])
    try withFile("one\ntwo\n") { (file: String) throws in
      #expect(try problems(["MONTHCLOSE_GATEWAY_KEY_FILE": file]).count == 1)
    }
    try withFile("sk_1") { (file: String) throws in
      let both = ["MONTHCLOSE_GATEWAY_KEY_FILE": file, "MONTHCLOSE_GATEWAY_KEY": "sk_2"]
      #expect(try problems(both).count == 1)
    }
  }

  @Test func `Secrets are no flags`() throws {
    let found = try problems([:], ["--gateway-key", "sk_live_123"])
    #expect(
      found == [
        "--gateway-key: expected in MONTHCLOSE_GATEWAY_KEY or MONTHCLOSE_GATEWAY_KEY_FILE, "
          + "never as a flag"
      ])
    for given in ["amqps://u:hunter2@host/", "amqps://u@one/,amqps://u:hunter2@two/"] {
      let url = try problems([:], ["--broker-url", given])
      #expect(url.count == 1 && url[0].hasPrefix("--broker-url: expected no password in a flag"))
      #expect(!url[0].contains("hunter2"))
    }
    #expect(try read([:], ["--broker-url", "amqps://host/"]).brokerURL == "amqps://host/")
  }

  @Test(arguments: [
    ("MONTHCLOSE_GATEWAY_KEY", "hunter2 hunter2"),
    ("MONTHCLOSE_BROKER_URL", "http://user:hunter2@host/"),
    ("MONTHCLOSE_BROKER_URL", "amqp://user:hunter2@/hunter2@host:99999/"),
    ("MONTHCLOSE_BROKER_URL", "user:hunter2@host"),
    ("MONTHCLOSE_STORE_URL", "pg://host/db?password=hunter2"),
  ])
  func `Problems never show a secret`(_ variable: String, _ value: String) throws {
    #expect(!(try problems([variable: value]).joined().contains("hunter2")))
  }

  @Test func `Descriptions are blacked out`() throws {
    let settings = try read([
      "MONTHCLOSE_GATEWAY_KEY": "hunter2", "MONTHCLOSE_STORE_URL": "postgres://u:hunter2@h/d",
    ])
    let lines = settings.describe()
    #expect(!lines.joined().contains("hunter2"))
    #expect(lines.contains("MONTHCLOSE_STORE_URL=postgres://u:***@h/d"))
    #expect(lines.contains("MONTHCLOSE_BATCH=64"))
  }

  // MARK: Help

  @Test func `Help names every key of a service`() {
    let help = Settings.helpText(for: .charger)
    for key in SettingKey.all {
      #expect(help.contains(key.variable) == key.users.contains(.charger), "\(key.name)")
    }
    #expect(!help.contains("sk_test"))
    #expect(help.split(separator: "\n").allSatisfy { $0.count <= 110 })
    #expect(Settings.helpText(for: nil).contains("MONTHCLOSE_SMTP_URL"))
  }

  @Test func `Keys and flags are unique`() {
    #expect(Set(SettingKey.all.map(\.name)).count == SettingKey.all.count)
    #expect(Set(SettingKey.all.compactMap(\.flag)).isDisjoint(with: ["--check", "--help"]))
  }
}
