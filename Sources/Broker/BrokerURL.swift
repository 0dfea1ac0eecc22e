import Endpoints

/// `amqp://user:password@host:port/vhost`, percent-encoded where needed, or `amqps://` with
/// `?cacertfile=…&certfile=…&keyfile=…&auth_mechanism=external`. Never shows its password.
public struct BrokerURL: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
  /// TLS 1.2 or newer; the broker's certificate and name are always verified.
  public struct TLS: Sendable, Equatable {
    /// Certificate authorities, PEM; `nil`: those of the system.
    public var caFile: String?
    /// Our own certificate and key, PEM, if the broker asks for them.
    public var certificateFile: String?
    public var keyFile: String?
    /// Our certificate is our login (SASL EXTERNAL); user and password are not sent.
    var isLogin = false

    public init(
      caFile: String? = nil, certificateFile: String? = nil, keyFile: String? = nil
    ) {
      self.caFile = caFile
      self.certificateFile = certificateFile
      self.keyFile = keyFile
    }
  }
  public var host: String
  public var port: Int
  public var user: String
  public var virtualHost: String
  public var tls: TLS?
  var password: String

  public var description: String {
    let scheme = tls == nil ? "amqp" : "amqps"
    return "\(scheme)://\(user)@\(host):\(port)/\(virtualHost == "/" ? "" : virtualHost)"
  }

  /// Dumps, and whatever prints a value holding one, show no password either.
  public var customMirror: Mirror { Mirror(self, children: ["url": description]) }

  /// `files`: for what the URL does not name itself.
  public init(parsing text: String, files: TLS? = nil) throws(BrokerError) {
    guard let parts = URLParts(text), ["amqp", "amqps"].contains(parts.scheme) else {
      throw .badURL("it must begin with amqp:// or amqps://")
    }
    // What stands before it in a password would be taken for a port, and be named.
    guard !text.contains("#") else { throw .badURL("a # in it must be written as %23") }
    if parts.scheme == "amqps" { tls = TLS() }
    guard !parts.host.isEmpty else { throw .badURL("it has no host") }
    let standardPort = tls == nil ? 5672 : 5671
    guard let port = parts.port == nil ? standardPort : parts.portNumber else {
      throw .badURL("the port is not a number between 1 and 65535")
    }
    self.port = port
    host = try Self.decode(parts.host, "the host")
    (user, password) = ("guest", "guest")
    if let login = parts.credentials {
      user = try Self.decode(login.user, "the user name")
      password = try Self.decode(login.password ?? "", "the password")
    }
    let name = try Self.decode(parts.path, "the virtual host")
    virtualHost = name.isEmpty ? "/" : name
    try read(query: parts.query)
    if parts.login == nil, tls?.isLogin == true { (user, password) = ("(certificate)", "") }
    if let files { try use(files) }
    if let tls { try Self.check(tls) }
  }

  private mutating func use(_ files: TLS) throws(BrokerError) {
    if files == TLS() { return }
    guard let own = tls else {
      throw .badURL("certificate files are given, but it begins with amqp:// instead of amqps://")
    }
    tls?.caFile = own.caFile ?? files.caFile
    if own.certificateFile == nil, own.keyFile == nil {
      tls?.certificateFile = files.certificateFile
      tls?.keyFile = files.keyFile
    }
  }

  private static func check(_ tls: TLS) throws(BrokerError) {
    if (tls.certificateFile == nil) != (tls.keyFile == nil) {
      throw .badURL("certfile and keyfile must be given together")
    }
    if tls.isLogin, tls.certificateFile == nil {
      throw .badURL("auth_mechanism=external needs certfile and keyfile")
    }
  }

  private mutating func read(query: Substring) throws(BrokerError) {
    for pair in query.split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let value = try Self.decode(parts.count > 1 ? parts[1] : "", "a parameter")
      guard tls != nil else { throw .badURL("parameters are allowed only with amqps://") }
      switch parts[0] {
      case "cacertfile": tls?.caFile = value
      case "certfile": tls?.certificateFile = value
      case "keyfile": tls?.keyFile = value
      case "auth_mechanism" where value.lowercased() == "external": tls?.isLogin = true
      default:
        // Not named: after a password with a bare question mark it would be a part of it.
        throw .badURL(
          "unknown parameter; expected cacertfile, certfile, keyfile or "
            + "auth_mechanism=external")
      }
    }
  }

  private static func decode(_ text: Substring, _ what: String) throws(BrokerError) -> String {
    guard let bytes = URLParts.percentDecoded(text), !bytes.contains(0) else {
      throw .badURL("\(what) has a percent sign that is not followed by two hex digits")
    }
    guard let decoded = String(validating: bytes, as: UTF8.self) else {
      throw .badURL("\(what) is not UTF-8")
    }
    return decoded
  }
}
