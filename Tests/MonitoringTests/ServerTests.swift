import AsyncHTTPClient
import Logging
import Monitoring
import Testing

@Suite struct ServerTests {
  private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  private let pages: [String: MonitoringServer.Page] = [
    "/here": { .json(503, Array(#"{"a":1}"#.utf8)) },
    "/metrics": { .metrics("x 1\n") },
  ]

  private func serving(
    _ body: (MonitoringServer, String) async throws -> Void
  ) async throws {
    let server = try await MonitoringServer.start(
      host: "127.0.0.1", port: 0, pages: pages, logger: logger)
    do {
      try await body(server, "http://127.0.0.1:\(server.port)")
    } catch {
      await server.stop()
      throw error
    }
    await server.stop()
  }

  private func ask(
    _ url: String, _ method: String = "GET"
  ) async throws -> (response: HTTPClientResponse, body: String) {
    var request = HTTPClientRequest(url: url)
    request.method = .init(rawValue: method)
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
    return (response, String(buffer: try await response.body.collect(upTo: 1 << 20)))
  }

  @Test func `A page is answered with its status and type`() async throws {
    try await serving { _, url in
      let (response, body) = try await ask("\(url)/here")
      #expect(response.status.code == 503 && body == #"{"a":1}"#)
      #expect(response.headers["content-type"] == ["application/json"])
      let metrics = try await ask("\(url)/metrics?x=y").response
      #expect(metrics.status.code == 200)
      #expect(
        metrics.headers["content-type"] == ["text/plain; version=0.0.4; charset=utf-8"])
    }
  }

  @Test func `Head says the length and sends nothing`() async throws {
    try await serving { _, url in
      let (response, body) = try await ask("\(url)/here", "HEAD")
      #expect(response.status.code == 503 && body.isEmpty)
      #expect(response.headers["content-length"] == ["7"])
    }
  }

  @Test func `Another path is not found and another method not allowed`() async throws {
    try await serving { _, url in
      let (response, body) = try await ask("\(url)/there")
      #expect(response.status.code == 404)
      #expect(body == "not found; expected /here, /metrics\n")
      let posted = try await ask("\(url)/here", "POST").response
      #expect(posted.status.code == 405 && posted.headers["allow"] == ["GET, HEAD"])
    }
  }

  @Test func `An address in use is said in words`() async throws {
    try await serving { server, _ in
      let fault = await #expect(throws: ListenFault.self) {
        try await MonitoringServer.start(
          host: "127.0.0.1", port: server.port, pages: pages, logger: logger)
      }
      #expect(
        fault?.description
          == "cannot listen on 127.0.0.1:\(server.port): another program is listening there")
    }
  }

  @Test func `An address of another machine is said in words`() async throws {
    let fault = await #expect(throws: ListenFault.self) {
      try await MonitoringServer.start(
        host: "192.0.2.1", port: 0, pages: pages, logger: logger)
    }
    #expect(
      fault?.description == "cannot listen on 192.0.2.1:0: this machine has no such address")
  }
}
