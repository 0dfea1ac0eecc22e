import Glibc
import Hummingbird
import Logging
import ServiceLifecycle

/// A few pages over HTTP/1.1, to be read with GET or HEAD. Started before anything else and stopped
/// last, so that it can say what the program waits for.
public struct MonitoringServer: Sendable {
  public typealias Page = @Sendable () async -> MonitoringPage

  /// Where it really listens; another port than was asked for only when that was 0.
  public let port: Int
  private let group: ServiceGroup
  private let serving: Task<Void, any Error>

  /// Returns once it listens, or throws a `ListenFault`. `pages`: by path, `/healthz`.
  public static func start(
    host: String, port: Int, pages: [String: Page], logger: Logger
  ) async throws -> MonitoringServer {
    // Its library tells of every start, connection and stop; what matters here is thrown.
    var quiet = logger
    quiet.logLevel = .critical
    let (ports, listening) = AsyncStream.makeStream(of: Int.self)
    let application = Application(
      responder: CallbackResponder { (request: Request, _: BasicRequestContext) in
        await answer(to: request, pages)
      },
      server: .http1(configuration: .init(idleTimeout: .seconds(60))),
      configuration: .init(address: .hostname(host, port: port), serverName: nil),
      onServerRunning: { listening.yield($0.localAddress?.port ?? port) }, logger: quiet)
    var configuration = ServiceGroupConfiguration(services: [application], logger: quiet)
    configuration.maximumGracefulShutdownDuration = .seconds(2)
    let group = ServiceGroup(configuration: configuration)
    let serving = Task {
      defer { listening.finish() }
      try await group.run()
    }
    for await port in ports {
      return MonitoringServer(port: port, group: group, serving: serving)
    }
    do { try await serving.value } catch {
      throw ListenFault(host: host, port: port, why: "\(error)")
    }
    throw ListenFault(host: host, port: port, why: "the server stopped immediately")
  }

  /// Answers pending requests, but does not wait for open connections.
  public func stop() async {
    await group.triggerGracefulShutdown()
    // It was asked to stop, so the error with which it does so does not matter.
    _ = await serving.result
  }

  private static func answer(to request: Request, _ pages: [String: Page]) async -> Response {
    guard let page = pages[request.uri.path] else {
      let known = pages.keys.sorted().joined(separator: ", ")
      return response(.text(404, "not found; expected \(known)"), to: request)
    }
    guard request.method == .get || request.method == .head else {
      var refusal = response(.text(405, "only GET and HEAD"), to: request)
      refusal.headers[.allow] = "GET, HEAD"
      return refusal
    }
    return response(await page(), to: request)
  }

  private static func response(_ page: MonitoringPage, to request: Request) -> Response {
    var headers = HTTPFields()
    headers[.contentType] = page.contentType
    headers[.contentLength] = "\(page.body.count)"
    headers[.cacheControl] = "no-store"
    let isHead = request.method == .head
    return Response(
      status: .init(code: page.status), headers: headers,
      body: isHead ? .init() : .init(byteBuffer: ByteBuffer(bytes: page.body)))
  }
}

/// The address cannot be listened on.
public struct ListenFault: Error, CustomStringConvertible {
  public var host: String
  public var port: Int
  public var why: String

  public var description: String {
    "cannot listen on \(host.contains(":") ? "[\(host)]" : host):\(port): \(reason)"
  }

  private var reason: String {
    if why.contains("errno: \(EADDRINUSE)") { return "another program is listening there" }
    if why.contains("errno: \(EACCES)") { return "the system does not allow this port" }
    if why.contains("errno: \(EADDRNOTAVAIL)") { return "this machine has no such address" }
    if why.contains("errno: \(EAI_NONAME)") || why.contains("NIOConnectionError") {
      return "there is no such host"
    }
    return why
  }
}

/// What one path answers with.
public struct MonitoringPage: Sendable {
  public var status: Int
  public var contentType: String
  public var body: [UInt8]

  public init(status: Int, contentType: String, body: [UInt8]) {
    self.status = status
    self.contentType = contentType
    self.body = body
  }

  public static func json(_ status: Int, _ body: [UInt8]) -> MonitoringPage {
    MonitoringPage(status: status, contentType: "application/json", body: body)
  }

  public static func metrics(_ text: String) -> MonitoringPage {
    MonitoringPage(status: 200, contentType: PrometheusText.contentType, body: Array(text.utf8))
  }

  static func text(_ status: Int, _ line: String) -> MonitoringPage {
    MonitoringPage(
      status: status, contentType: "text/plain; charset=utf-8", body: Array("\(line)\n".utf8))
  }
}
