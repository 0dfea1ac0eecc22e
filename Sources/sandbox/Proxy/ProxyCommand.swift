import ArgumentParser
import Foundation
import Hummingbird

/// `sandbox proxy`: a faulty connection between two programs.
struct ProxyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "proxy",
    abstract: "Proxy between a client and a server that delays, cuts or swallows data on demand.",
    discussion: """
      Prints its addresses to standard error. Control interface, on --control; bodies are JSON:

        GET  /   the mode, the open connections, and counts for each mode: connections,
                 hits, bytes to_server and to_client, bytes swallowed
        POST /   {"mode": MODE, "way": "to_server"|"to_client", "ms": N, "bytes": N}

      Modes apply to open and to new connections:

      \(modes)

      A connection that lost bytes during a silence is reset when the silence ends.
      """)

  @Option(help: "Address and port; port 0 lets the system choose one.")
  var listen: ServeAddress

  @Option(help: "Address and port of the server behind the proxy.")
  var to: ServeAddress

  @Option(help: "Address and port of the control interface; loopback only, since it needs no key.")
  var control: ServeAddress

  func run() async throws {
    let proxy: ProxyServer
    do {
      proxy = try await ProxyServer.start(listen: listen, to: to)
    } catch {
      throw Stop(sentence: "cannot listen on \(listen.host):\(listen.port): \(error)")
    }
    let place = "\(listen.host):\(proxy.port) to \(to.host):\(to.port)"
    let controller = ProxyControl(proxy: proxy, listen: control) { [host = control.host] port in
      say("proxy \(place), control \(host):\(port)")
    }
    do {
      try await untilStopped { try await controller.run() }
    } catch {
      throw Stop(sentence: "cannot listen on \(control.host):\(control.port): \(error)")
    }
    try await proxy.stop()
  }

  private static var modes: String {
    ProxyMode.Kind.allCases.map { kind in
      let name = kind.rawValue + String(repeating: " ", count: max(1, 12 - kind.rawValue.count))
      return "  \(name)\(kind.help)"
    }.joined(separator: "\n")
  }
}

/// The control interface: `GET /` reports the counts, `POST /` changes the mode.
struct ProxyControl: Sendable {
  var proxy: ProxyServer
  var listen: ServeAddress
  var onListening: @Sendable (_ port: Int) -> Void

  /// Serves until its task is cancelled. Throws when the address cannot be bound.
  func run() async throws {
    let (proxy, listen, onListening) = (proxy, listen, onListening)
    var application = Application(
      responder: CallbackResponder { (request: Request, _: SandboxContext) in
        try await Self.respond(to: request, proxy)
      },
      configuration: .init(
        address: .hostname(listen.host, port: listen.port), serverName: "sandbox"),
      onServerRunning: { channel in onListening(channel.localAddress?.port ?? listen.port) })
    application.logger.logLevel = .critical
    try await application.run()
  }

  private static func respond(to request: Request, _ proxy: ProxyServer) async throws -> Response {
    switch (request.method, request.uri.path) {
    case (.get, "/"): return try json(.ok, try await proxy.report())
    case (.post, "/"):
      let body = Data(try await request.body.collect(upTo: 4_096).readableBytesView)
      do {
        let mode = try ProxyOrder.mode(parsing: body)
        return try json(.ok, try await proxy.change(to: mode))
      } catch let fault as ProxyOrder.InjectedFault {
        return try json(.badRequest, ["error": fault.description])
      }
    default: return try json(.notFound, ["error": "expected GET / or POST /"])
    }
  }

  private static func json(
    _ status: HTTPResponse.Status, _ value: some Encodable
  ) throws -> Response {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return Response(
      status: status, headers: [.contentType: "application/json"],
      body: .init(byteBuffer: ByteBuffer(bytes: try encoder.encode(value))))
  }
}

extension ProxyOrder {
  /// An unknown field is refused, so that a typing mistake does not become a test that tests
  /// nothing.
  enum InjectedFault: Error, Equatable, CustomStringConvertible {
    case unreadable
    case unknownName(String)
    case incomplete(ProxyMode.Kind)

    var description: String {
      switch self {
      case .unreadable:
        "expected {\"mode\": \(ProxyMode.Kind.allCases.map(\.rawValue).joined(separator: "|"))}"
      case .unknownName(let name): "unknown field \(name); expected mode, way, ms, bytes"
      case .incomplete(let kind): "mode \(kind.rawValue): \(kind.help)"
      }
    }
  }

  static func mode(parsing body: Data) throws(InjectedFault) -> ProxyMode {
    let order: ProxyOrder
    do {
      let names = try JSONDecoder().decode([String: Ignored].self, from: body).keys
      let known = CodingKeys.allCases.map(\.stringValue)
      if let name = names.sorted().first(where: { !known.contains($0) }) {
        throw InjectedFault.unknownName(name)
      }
      order = try JSONDecoder().decode(ProxyOrder.self, from: body)
    } catch let fault as InjectedFault {
      throw fault
    } catch {
      throw .unreadable
    }
    guard let mode = order.proxyMode else { throw .incomplete(order.mode) }
    return mode
  }

  private struct Ignored: Decodable {
    init(from decoder: any Decoder) throws {}
  }
}
