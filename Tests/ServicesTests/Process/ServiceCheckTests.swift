import Billing
import Ledger
import Testing

@testable import Services

/// `--check` tries the server outside that a service will call.
@Suite(.timeLimit(.minutes(1))) struct ServiceCheckTests {
  /// What it says of the outside: store and broker are not there.
  private func problems(
    _ name: ServiceName, _ settings: [String: String]
  ) async throws -> [String] {
    var environment = settings
    environment["MONTHCLOSE_BROKER_URL"] = "amqp://127.0.0.1:\(ScriptedSMTPServer.freePort())/"
    environment["MONTHCLOSE_STORE_URL"] = "sqlite:/nowhere/at.all"
    environment["MONTHCLOSE_GATEWAY_TIMEOUT"] = "1"
    let read = try Settings.read(service: name, environment: environment, arguments: [])
    let all = await ServiceCheck(service: name, settings: read).problems()
    #expect(all.contains { $0.hasPrefix("MONTHCLOSE_STORE_URL: ") })
    #expect(all.contains { $0.hasPrefix("MONTHCLOSE_BROKER_URL: ") })
    return all.filter { $0.hasPrefix("MONTHCLOSE_GATEWAY") || $0.hasPrefix("MONTHCLOSE_SMTP") }
  }

  private func gateway(_ step: ScriptedServer.Step) async throws -> ([String], [String]) {
    let server = try ScriptedServer([step])
    defer { server.stop() }
    let found = try await problems(.charger, ["MONTHCLOSE_GATEWAY_URL": server.url])
    return (found.map { $0.replacing(server.url, with: "URL") }, server.requests)
  }

  @Test func `Gateway that lists charges is in order`() async throws {
    let (found, requests) = try await gateway(.json(200, #"{"data":[],"has_more":false}"#))
    #expect(found == [])
    #expect(requests.first?.hasPrefix("GET /v1/charges?") == true)
    #expect(requests.first?.contains("Bearer sk_test_sandbox") == true)
  }

  @Test func `Refused key is named`() async throws {
    let refusal = #"{"error":{"type":"invalid_request_error","message":"no such key"}}"#
    let (found, _) = try await gateway(.json(401, refusal))
    #expect(
      found == ["MONTHCLOSE_GATEWAY_URL URL: the payment gateway rejects our key: status 401"])
  }

  @Test func `Gateway that is not there is named`() async throws {
    let url = "http://127.0.0.1:\(ScriptedSMTPServer.freePort())"
    let found = try await problems(.charger, ["MONTHCLOSE_GATEWAY_URL": url])
    #expect(found.count == 1)
    #expect(found.first?.hasPrefix("MONTHCLOSE_GATEWAY_URL \(url): the payment gateway ") == true)
  }

  private func mail(
    login: String = "",
    _ script:
      @escaping @Sendable (
        ScriptedSMTPServer.Step, String
      ) -> ScriptedSMTPServer.Action?
  ) async throws -> ([String], [ScriptedSMTPServer.Step]) {
    let server = ScriptedSMTPServer(script: script)
    defer { server.stop() }
    let found = try await problems(
      .mailer, ["MONTHCLOSE_SMTP_URL": "smtp://\(login)127.0.0.1:\(server.port)"])
    return (found, server.seen.steps)
  }

  @Test func `Mail server is greeted and given no mail`() async throws {
    let (found, steps) = try await mail { _, _ in nil }
    #expect(found == [])
    #expect(steps == [.greeting, .hello, .quit])
  }

  @Test func `Refused login is named`() async throws {
    let (found, _) = try await mail(login: "user:wrong@") { step, _ in
      step == .login ? .reply("535 no") : nil
    }
    #expect(found.count == 1)
    #expect(found.first?.contains("rejects the login: 535") == true)
    #expect(found.first?.contains("wrong") == false)
  }

  @Test func `Mail server that takes nobody is named`() async throws {
    let (found, _) = try await mail { step, _ in step == .greeting ? .reply("554 no") : nil }
    #expect(found.count == 1)
    #expect(found.first?.hasPrefix("MONTHCLOSE_SMTP_URL: the mail server 127.0.0.1:") == true)
  }

  @Test func `Service that calls nobody tries nobody`() async throws {
    let port = ScriptedSMTPServer.freePort()
    let found = try await problems(
      .holder,
      [
        "MONTHCLOSE_SMTP_URL": "smtp://127.0.0.1:\(port)",
        "MONTHCLOSE_GATEWAY_URL": "http://127.0.0.1:\(port)",
      ])
    #expect(found == [])
  }
}
