import Billing
import Endpoints
import Hummingbird

/// The gateway behind an HTTP/1.1 server.
struct SandboxServer {
  var gateway: Gateway
  var host: String
  var port: Int
  var onListening: @Sendable (_ port: Int) -> Void

  /// Serves until its task is cancelled. Throws when the address cannot be bound.
  func run() async throws {
    let gateway = gateway
    let onListening = onListening
    let port = port
    var application = Application(
      responder: CallbackResponder { (request: Request, context: SandboxContext) in
        try await Self.respond(to: request, context, gateway)
      },
      configuration: .init(address: .hostname(host, port: port), serverName: "sandbox"),
      onServerRunning: { channel in onListening(channel.localAddress?.port ?? port) })
    application.logger.logLevel = .critical
    try await application.run()
  }

  private static let largestBody = 64 << 10

  private static func respond(
    to request: Request, _ context: SandboxContext, _ gateway: Gateway
  ) async throws -> Response {
    var body: [UInt8] = []
    if request.method != .get {
      body = Array(try await request.body.collect(upTo: largestBody).readableBytesView)
    }
    let answer = await gateway.answer(
      GatewayRequest(
        method: request.method.rawValue, path: request.uri.path,
        query: request.uri.query ?? "", body: body,
        authorization: request.headers[.authorization],
        idempotencyKey: request.headers[Names.idempotencyKey], isLoopback: context.isLoopback))
    switch answer.delivery {
    case .send: break
    case .drop: context.drop()
    case .hang: await context.closed()
    }
    return response(answer)
  }

  private enum Names {
    static let idempotencyKey = HTTPFields.Element.Name("Idempotency-Key")!
  }

  private static func response(_ answer: GatewayResponse) -> Response {
    var headers = HTTPFields()
    headers[.contentType] = "application/json"
    for (name, value) in answer.headers {
      if let name = HTTPFields.Element.Name(name) { headers[name] = value }
    }
    let status = HTTPResponse.Status(code: answer.status)
    switch answer.body {
    case .bytes(let bytes):
      return Response(
        status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    case .pieces(let piece):
      return Response(
        status: status, headers: headers,
        body: .init { writer in
          var number = 0
          while let bytes = piece(number) {
            try await writer.write(ByteBuffer(bytes: bytes))
            number += 1
          }
          try await writer.finish(nil)
        })
    }
  }
}

/// A request's connection: where it comes from, and how to cut it.
struct SandboxContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  let isLoopback: Bool
  /// Closes the connection at once, in the middle of an answer if need be.
  let drop: @Sendable () -> Void
  /// Returns once the connection is closed, by either side.
  let closed: @Sendable () async -> Void

  init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    let channel = source.channel
    let address = channel.remoteAddress?.ipAddress ?? ""
    isLoopback = Loopback.contains(address)
    drop = { channel.close(mode: .all, promise: nil) }
    closed = { try? await channel.closeFuture.get() }  // closed with an error is closed as well
  }
}
