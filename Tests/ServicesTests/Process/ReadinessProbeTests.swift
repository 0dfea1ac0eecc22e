import NIOCore
import Testing

@testable import Services

@Suite struct ReadinessProbeTests {
  private func ask(_ step: ScriptedServer.Step) async throws -> (ReadinessProbe.Answer, [String]) {
    let server = try ScriptedServer([step])
    defer { server.stop() }
    let address = try #require(ListenAddress("127.0.0.1:\(server.port)"))
    let answer = await ReadinessProbe(address: address, timeout: .milliseconds(800)).ask()
    return (answer, server.requests)
  }

  private func reason(_ answer: ReadinessProbe.Answer) -> String? {
    if case .notReady(let why) = answer { why } else { nil }
  }

  @Test func `A service that is ready is healthy`() async throws {
    let (answer, requests) = try await ask(.json(200, #"{"ready":true}"#))
    #expect(answer == .ready)
    #expect(requests.first?.hasPrefix("GET /readyz HTTP/1.1\r\n") == true)
  }

  @Test func `What is missing is told`() async throws {
    let (answer, _) = try await ask(.json(503, "{\n\"missing\":[\"broker\"]}"))
    let why = try #require(reason(answer))
    #expect(why.contains(#"/readyz: 503 { "missing":["broker"]}"#))
    #expect(!why.contains("\n"))
  }

  @Test func `A service that hangs up or never answers is not ready`() async throws {
    #expect(reason(try await ask(.drop).0) != nil)
    #expect(reason(try await ask(.sendAndHang("HTTP/1.1 20")).0) != nil)
  }

  @Test func `Nobody listening is not ready`() async throws {
    let server = try ScriptedServer([])
    let address = try #require(ListenAddress("127.0.0.1:\(server.port)"))
    server.stop()
    #expect(reason(await ReadinessProbe(address: address).ask()) != nil)
  }

  @Test func `Without an address there is nobody to ask`() async {
    #expect(await ReadinessProbe(address: nil).ask() == .noAddress)
  }

  @Test(arguments: [
    (":9100", "127.0.0.1:9100"),
    ("0.0.0.0:9100", "127.0.0.1:9100"),
    ("[::]:9100", "[::1]:9100"),
    ("127.0.0.3:9100", "127.0.0.3:9100"),
  ])
  func `Who listens on every interface is asked on the loopback`(listens: String, asked: String)
    throws
  {
    #expect(ReadinessProbe.reachable(try #require(ListenAddress(listens))) == asked)
  }
}
