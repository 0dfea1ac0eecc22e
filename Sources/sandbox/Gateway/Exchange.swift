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

/// What the server does with a request.
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

/// The endpoints of Stripe's API that are spoken here.
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
