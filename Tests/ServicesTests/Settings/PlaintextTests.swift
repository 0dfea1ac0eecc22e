import Billing
import Ledger
import Testing

@testable import Services

@Suite struct PlaintextTests {
  private func problems(
    _ service: ServiceName?, _ environment: [String: String]
  ) throws -> [String] {
    do {
      _ = try Settings.read(service: service, environment: environment, arguments: [])
      return []
    } catch {
      return error.problems
    }
  }

  static let refused: [(String, String, String)] = [
    ("BROKER_URL", "amqp://u:hunter2@rabbit.example/", "broker"),
    ("BROKER_URL", "amqps://a/,amqp://u:hunter2@rabbit.example/", "broker"),
    ("BROKER_URL", "amqp://u:hunter2@127.evil.example/", "broker"),
    ("BROKER_URL", "amqp://u:hunter2@127.1/", "broker"),
    ("BROKER_URL", "amqp://u:hunter2@127.0.0.1.example.com/", "broker"),
    ("GATEWAY_URL", "http://127.0.0.1.5", "gateway"), ("GATEWAY_URL", "http://0.0.0.0", "gateway"),
    ("GATEWAY_URL", "http://[::ffff:127.0.0.1]", "gateway"),
    ("GATEWAY_URL", "http://pay.example", "gateway"),
  ]

  @Test(arguments: refused)
  func `Plaintext to another machine is refused until it is allowed by name`(
    _ name: String, _ url: String, _ connection: String
  ) throws {
    let found = try problems(.charger, ["MONTHCLOSE_\(name)": url])
    #expect(found.count == 1)
    #expect(found[0].hasPrefix("MONTHCLOSE_\(name): expected "))
    #expect(found[0].hasSuffix("MONTHCLOSE_ALLOW_PLAINTEXT=\(connection)"))
    #expect(!found[0].contains("hunter2"))
    let allowed = ["MONTHCLOSE_\(name)": url, "MONTHCLOSE_ALLOW_PLAINTEXT": connection]
    #expect(try problems(.charger, allowed) == [])
    let other = ["MONTHCLOSE_\(name)": url, "MONTHCLOSE_ALLOW_PLAINTEXT": "mail"]
    #expect(try problems(.charger, other).count == 1)
  }

  @Test func `The sentence names setting host and way out`() throws {
    #expect(
      try problems(.mailer, ["MONTHCLOSE_BROKER_URL": "amqp://rabbitmq:5672/"]) == [
        "MONTHCLOSE_BROKER_URL: expected amqps://, because rabbitmq is another machine, found "
          + "amqp://; on a private network: MONTHCLOSE_ALLOW_PLAINTEXT=broker"
      ])
  }

  @Test(arguments: ["amqp://127.0.0.1/", "amqp://[::1]/", "amqp://localhost/", "amqps://h/"])
  func `This machine and TLS need no permission`(_ url: String) throws {
    #expect(try problems(.charger, ["MONTHCLOSE_BROKER_URL": url]) == [])
  }

  @Test func `A service is not concerned by what it does not connect to`() throws {
    let environment = ["MONTHCLOSE_GATEWAY_URL": "http://pay.example"]
    #expect(try problems(.invoicer, environment) == [])
    #expect(try problems(nil, environment).count == 1)
  }

  @Test func `Certificate files go to every node`() throws {
    let nodes = try Settings.read(
      service: .charger,
      environment: [
        "MONTHCLOSE_BROKER_URL": "amqps://u:p@a/,amqps://u:p@b/?cacertfile=own",
        "MONTHCLOSE_BROKER_CA_FILE": "ca", "MONTHCLOSE_BROKER_CERT_FILE": "c",
        "MONTHCLOSE_BROKER_KEY_FILE": "k",
      ], arguments: []
    ).brokerNodes()
    #expect(nodes.map(\.host) == ["a", "b"])
    #expect(nodes.map(\.tls?.caFile) == ["ca", "own"])
    #expect(nodes.map(\.tls?.keyFile) == ["k", "k"])
  }

  @Test func `Certificate files without TLS are a mistake`() throws {
    let settings = try Settings.read(
      service: .charger, environment: ["MONTHCLOSE_BROKER_CA_FILE": "ca"], arguments: [])
    #expect(throws: (any Error).self) { try settings.brokerNodes() }
  }
}
