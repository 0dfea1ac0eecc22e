import Testing

@testable import sandbox

/// The proxy between two plain sockets.
struct ProxyTests {
  private struct Line {
    var upstream: WireServer
    var proxy: ProxyServer

    static func open(_ mode: ProxyMode = .pass) async throws -> Line {
      let upstream = try WireServer()
      let proxy = try await ProxyServer.start(
        listen: ServeAddress(argument: "127.0.0.1:0")!,
        to: ServeAddress(argument: "127.0.0.1:\(upstream.port)")!)
      _ = try await proxy.change(to: mode)
      return Line(upstream: upstream, proxy: proxy)
    }

    /// A connection that has carried a word each way.
    func pair() throws -> (client: Wire, server: Wire) {
      let client = try Wire.connect(port: proxy.port)
      let server = try #require(upstream.accept())
      try client.send("to")
      #expect(server.hear() == .text("to"))
      try server.send("fro")
      #expect(client.hear() == .text("fro"))
      return (client, server)
    }

    func count(_ kind: ProxyMode.Kind) async throws -> ProxyCount {
      try #require(try await proxy.report().counts[kind.rawValue])
    }
  }

  @Test func `What passes is unchanged and counted`() async throws {
    let line = try await Line.open()
    let (client, server) = try line.pair()
    client.finish()
    #expect(server.hear() == .end)
    try server.send("last")
    server.finish()
    #expect(client.hear() == .text("last"))
    #expect(client.hear() == .end)
    let count = try await line.count(.pass)
    #expect(count == ProxyCount(connections: 1, hits: 0, toServer: 2, toClient: 7, swallowed: 0))
    try await line.proxy.stop()
  }

  @Test func `A cut resets both sides and newcomers`() async throws {
    let line = try await Line.open()
    let (client, server) = try line.pair()
    _ = try await line.proxy.change(to: .cut)
    #expect(client.hear() == .reset)
    #expect(server.hear() == .reset)
    let late = try Wire.connect(port: line.proxy.port)
    #expect(late.hear() == .reset)
    #expect(line.upstream.accept(50) == nil)
    #expect(try await line.count(.cut).hits == 2)
    try await line.proxy.stop()
  }

  @Test func `A silence swallows and ends in a reset`() async throws {
    let line = try await Line.open()
    let (client, server) = try line.pair()
    _ = try await line.proxy.change(to: .silence(nil))
    try client.send("lost")
    let late = try Wire.connect(port: line.proxy.port)
    try late.send("lost too")
    #expect(server.hear(100) == .nothing && client.hear(50) == .nothing)
    #expect(line.upstream.accept(50) == nil && late.hear(50) == .nothing)
    let report = try await line.proxy.change(to: .pass)
    #expect(report.open == 0)
    #expect(client.hear() == .reset && server.hear() == .reset && late.hear() == .reset)
    let count = try await line.count(.silence)
    #expect(count.swallowed == 12 && count.hits == 2 && count.connections == 1)
    try await line.proxy.stop()
  }

  @Test func `A connection that was quiet during the silence goes on`() async throws {
    let line = try await Line.open()
    let (client, server) = try line.pair()
    _ = try await line.proxy.change(to: .silence(nil))
    _ = try await line.proxy.change(to: .pass)
    try client.send("still here")
    #expect(server.hear() == .text("still here"))
    try await line.proxy.stop()
  }

  @Test func `In a silence nobody learns that the other is gone`() async throws {
    let line = try await Line.open()
    var (client, server) = try line.pair() as (Wire, Wire?)
    _ = try await line.proxy.change(to: .silence(nil))
    #expect(server?.descriptor ?? 0 > 0)
    server = nil
    #expect(client.hear(100) == .nothing)
    _ = try await line.proxy.change(to: .pass)
    #expect(client.hear() == .reset)
    client.finish()
    try await line.proxy.stop()
  }

  @Test func `One way is silent the other goes on`() async throws {
    let line = try await Line.open(.silence(.toClient))
    let client = try Wire.connect(port: line.proxy.port)
    let server = try #require(line.upstream.accept())
    try client.send("asked")
    #expect(server.hear() == .text("asked"))
    try server.send("answered")
    #expect(client.hear(100) == .nothing)
    #expect(try await line.count(.silence).swallowed == 8)
    try await line.proxy.stop()
  }

  @Test(arguments: [Way.toServer, .toClient])
  func `A half closed connection carries the other way`(way: Way) async throws {
    let line = try await Line.open()
    let (client, server) = try line.pair()
    _ = try await line.proxy.change(to: .halfClose(way))
    let (ended, alive) = way == .toServer ? (server, client) : (client, server)
    #expect(ended.hear() == .end)
    try ended.send("the other way")
    #expect(alive.hear() == .text("the other way"))
    #expect(try await line.count(.halfClose).hits == 1)
    try await line.proxy.stop()
  }

  @Test func `A new connection is half closed after its first piece`() async throws {
    let line = try await Line.open(.halfClose(.toClient))
    let client = try Wire.connect(port: line.proxy.port)
    let server = try #require(line.upstream.accept())
    try client.send("charge")
    #expect(server.hear() == .text("charge"))
    #expect(client.hear() == .end)
    try await line.proxy.stop()
  }

  @Test func `So many bytes then the cut`() async throws {
    let line = try await Line.open(.cutAfter(bytes: 4, .toClient))
    let client = try Wire.connect(port: line.proxy.port)
    let server = try #require(line.upstream.accept())
    try client.send("a long question")
    #expect(server.hear() == .text("a long question"))
    try server.send("answer")
    #expect(server.hear() == .reset)
    let count = try await line.count(.cutAfter)
    #expect(count.toClient == 4 && count.swallowed == 2 && count.hits == 1)
    try await line.proxy.stop()
  }

  @Test func `Delayed pieces come in order and not before`() async throws {
    let line = try await Line.open(.delay(milliseconds: 300))
    let client = try Wire.connect(port: line.proxy.port)
    let server = try #require(line.upstream.accept())
    let start = ContinuousClock.now
    try client.send("first")
    #expect(server.hear(100) == .nothing)
    _ = try await line.proxy.change(to: .pass)
    try client.send("second")
    var heard = ""
    while heard.count < 11, case .text(let text) = server.hear() { heard += text }
    #expect(heard == "firstsecond")
    #expect(ContinuousClock.now - start >= .milliseconds(300))
    #expect(try await line.count(.delay).hits == 1)
    try await line.proxy.stop()
  }

  @Test func `A server that is not there is a reset and counted`() async throws {
    var upstream: WireServer? = try WireServer()
    let port = upstream?.port ?? 0
    upstream = nil
    let proxy = try await ProxyServer.start(
      listen: ServeAddress(argument: "127.0.0.1:0")!,
      to: ServeAddress(argument: "127.0.0.1:\(port)")!)
    let client = try Wire.connect(port: proxy.port)
    #expect(client.hear() == .reset)
    #expect(try await proxy.report().unreachable == 1)
    try await proxy.stop()
  }
}
