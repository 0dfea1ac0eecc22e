import Endpoints

/// Where the gateway is and how to call it, checked before the first call.
struct GatewayAddress: Equatable {
  /// Without a trailing slash.
  var base: String
  var key: String

  /// A live key never goes over a connection that others can read.
  init(url: String, key: String) throws(PaymentGatewayError) {
    guard let parsed = ServerURL(url), ["http", "https"].contains(parsed.scheme),
      parsed.user == nil, !url.contains(where: { "?#".contains($0) })
    else { throw .unusableURL }
    guard !key.isEmpty, key.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else { throw .unusableKey }
    let isLive = key.hasPrefix("sk_live_") || key.hasPrefix("rk_live_")
    if parsed.scheme == "http", !parsed.isLoopback, isLive { throw .liveKeyInTheClear }
    var base = url[...]
    while base.hasSuffix("/") { base.removeLast() }
    self.base = String(base)
    self.key = key
  }
}

/// The gateway's settings cannot be used. The texts contain neither the key nor the value found.
public enum PaymentGatewayError: Error, Equatable, CustomStringConvertible {
  case unusableURL
  case unusableKey
  case liveKeyInTheClear
  case unusableCAFile(String)

  public var description: String {
    switch self {
    case .unusableURL:
      "MONTHCLOSE_GATEWAY_URL: expected http://host:port or https://host, without user or query"
    case .unusableKey:
      "MONTHCLOSE_GATEWAY_KEY: expected a key of printable characters without blanks"
    case .liveKeyInTheClear:
      "MONTHCLOSE_GATEWAY_URL: a live key needs https:// (http:// is for loopback and test keys)"
    case .unusableCAFile(let file):
      "MONTHCLOSE_GATEWAY_CA_FILE: expected a file with PEM certificates, found \"\(file)\""
    }
  }
}
