import Billing
import FoundationEssentials
import Synchronization

/// The gateway without a server: a request in, a response out. State is one value behind one lock,
/// held only for steps that take no time; changes are on disk before the response is given.
final class Gateway: Sendable {
  struct Options: Sendable {
    var key = "sk_test_sandbox"
    /// Added to every request; half of it passes before a charge is made, half after.
    var latencyMilliseconds = 0
    /// In place of each currency's own minimum.
    var smallestAmount: Int64?
    /// Every request is a new one, whatever key it carries.
    var ignoresKeys = false
    var now: @Sendable () -> Instant
    /// Called when the log can no longer be written: a gateway without its log must stop.
    var logFailed: @Sendable (LogFault) -> Void = { _ in }
    var pause: @Sendable (Int) async throws -> Void = { milliseconds in
      try await Task.sleep(for: .milliseconds(milliseconds))
    }
  }

  struct State: Sendable {
    var book: GatewayBook
    var faults = FaultPlan()
    var outcomes = OutcomeRules()
    var counts = Counts()
  }

  let options: Options
  let objects: StripeObjects
  let log: ChargeLog
  let state: Mutex<State>

  /// Reads the log and restores the state in which the program that wrote it was stopped or killed.
  init(log path: String, options: Options) throws(LogFault) {
    var book: GatewayBook?
    let decoder = JSONDecoder()
    log = try ChargeLog.open(path) { (bytes) throws(LogFault) in
      let line: ChargeLogLine
      do { line = try decoder.decode(ChargeLogLine.self, from: Data(bytes)) } catch {
        throw .unfit("it is not a line of this log: \(error)")
      }
      if book == nil {
        guard line.event == .opened, let instance = line.instance else {
          throw .unfit("the first line is not log.opened with an instance")
        }
        book = GatewayBook(ids: ObjectIDs(instance: instance))
      }
      try book?.apply(line)
    }
    if book == nil {
      let ids = ObjectIDs.random()
      var line = ChargeLogLine(time: options.now(), event: .opened)
      line.instance = ids.instance
      try log.appendNow(line.bytes)
      book = GatewayBook(ids: ids)
    }
    let start = book ?? GatewayBook(ids: .random())
    self.options = options
    objects = StripeObjects(ids: start.ids)
    state = Mutex(State(book: start))
  }

  /// Never throws: every failure is an answer in Stripe's shape. If the log cannot be written there
  /// is no answer at all, because nothing may be reported that is not on disk.
  func answer(_ request: GatewayRequest) async -> GatewayResponse {
    do {
      try authorize(request)
      if request.path.hasPrefix("/_sandbox/") { return try await control(request) }
      let requestID = state.withLock { state in
        state.counts.requests += 1
        return state.book.nextRequestID()
      }
      var response = try await stripe(request, requestID)
      response.headers.append(("Request-Id", requestID))
      if !options.ignoresKeys, let key = request.idempotencyKey {
        response.headers.append(("Idempotency-Key", key))
      }
      return response
    } catch let failure as StripeFailure {
      return refused(failure)
    } catch {
      if let fault = error as? LogFault { options.logFailed(fault) }
      return dropped()
    }
  }

  private func stripe(
    _ request: GatewayRequest, _ requestID: String
  ) async throws -> GatewayResponse {
    let route = try Route(request.method, request.path)
    switch route {
    case .create, .confirm:
      let order = ChargeOrder(
        route: route, fields: try FormFields(parsing: request.body), path: request.path,
        key: options.ignoresKeys ? nil : request.idempotencyKey, requestID: requestID)
      return try await charge(order)
    default:
      return try await read(route, try FormFields(parsing: request.query.utf8), request.path)
    }
  }

  private func authorize(_ request: GatewayRequest) throws(StripeFailure) {
    guard let header = request.authorization, let space = header.firstIndex(of: " ") else {
      throw .noKey
    }
    let value = header[header.index(after: space)...].drop { $0 == " " }
    switch header[..<space].lowercased() {
    case "bearer" where value == options.key: return
    case "basic":
      // The key is the user; Stripe wants no password.
      guard let data = Data(base64Encoded: String(value)),
        String(decoding: data, as: UTF8.self).split(separator: ":").first == options.key[...]
      else { throw .wrongKey }
    default: throw .wrongKey
    }
  }

  private func refused(_ failure: StripeFailure) -> GatewayResponse {
    state.withLock { $0.counts.refused[String(failure.status), default: 0] += 1 }
    var response = GatewayResponse(status: failure.status, objects.failure(failure))
    if let seconds = failure.retryAfterSeconds {
      response.headers.append(("Retry-After", String(seconds)))
    }
    return response
  }
}

/// Counts since the start that are not in the log.
struct Counts: Sendable {
  var requests = 0
  var replayed = 0
  /// Refusals by HTTP status.
  var refused: [String: Int] = [:]
}

/// A request as the gateway sees it, without the server around it.
struct GatewayRequest: Sendable {
  var method: String
  var path: String
  var query = ""
  var body: [UInt8] = []
  var authorization: String?
  var idempotencyKey: String?
  var isLoopback = true
}

/// The gateway's response, and how the server delivers it.
struct GatewayResponse: Sendable {
  enum Body: Sendable {
    case bytes([UInt8])
    /// Pieces of a long answer by number, until `nil`.
    case pieces(@Sendable (Int) -> [UInt8]?)
  }

  enum Delivery: Sendable {
    case send
    /// Close the connection without an answer.
    case drop
    /// Keep the connection open and never answer.
    case hang
  }

  var status = 200
  var headers: [(name: String, value: String)] = []
  var body: Body
  var delivery = Delivery.send

  init(status: Int = 200, _ bytes: [UInt8]) {
    self.status = status
    body = .bytes(bytes)
  }
}

/// The endpoints of Stripe's API that are implemented here.
enum Route: Sendable, Equatable {
  case create
  case confirm(String)
  case intent(String)
  case intents
  case search
  case charge(String)
  case charges

  init(_ method: String, _ path: String) throws(StripeFailure) {
    let parts = path.split(separator: "/").map(String.init)
    switch (method, parts.count) {
    case ("POST", 2) where path == "/v1/payment_intents": self = .create
    case ("POST", 4) where path.hasPrefix("/v1/payment_intents/") && parts[3] == "confirm":
      self = .confirm(parts[2])
    case ("GET", 2) where path == "/v1/payment_intents": self = .intents
    case ("GET", 3) where path == "/v1/payment_intents/search": self = .search
    case ("GET", 3) where path.hasPrefix("/v1/payment_intents/"): self = .intent(parts[2])
    case ("GET", 2) where path == "/v1/charges": self = .charges
    case ("GET", 3) where path.hasPrefix("/v1/charges/"): self = .charge(parts[2])
    default: throw .unrecognized(method, path)
    }
  }
}
