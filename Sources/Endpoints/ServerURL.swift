/// A URL cut into its parts, as they are written: what a part may hold, and whether it has to be
/// there, is for its reader to say.
///
/// The one parser of URLs, but for the store's: libpq reads its own, which may name several hosts,
/// a socket's folder, or a host in the query.
public struct URLParts {
  /// In small letters.
  public var scheme: String
  /// All before the last `@`: a password may hold one.
  public var login: Substring?
  /// Without the brackets of an IPv6 address.
  public var host: Substring
  public var hasBrackets = false
  public var port: Substring?
  /// Without the slash it begins with.
  public var path: Substring
  public var query: Substring

  /// `nil` without a scheme.
  public init?(_ text: String) {
    guard let end = text.firstRange(of: "://") else { return nil }
    scheme = text[..<end.lowerBound].lowercased()
    var rest = text[end.upperBound...]
    query = Self.cutOff(&rest, at: rest.firstIndex(of: "?")) ?? ""
    path = Self.cutOff(&rest, at: rest.firstIndex(of: "/")) ?? ""
    // A fragment, which no server gets to see.
    _ = Self.cutOff(&rest, at: rest.firstIndex(of: "#"))
    if let place = Self.cutOff(&rest, at: rest.lastIndex(of: "@")) {
      login = rest
      rest = place
    }
    host = rest
    if rest.last != "]" { port = Self.cutOff(&host, at: host.lastIndex(of: ":")) }
    if host.first == "[", host.last == "]" {
      host = host.dropFirst().dropLast()
      hasBrackets = true
    }
  }

  /// User and, after the first colon, the password.
  public var credentials: (user: Substring, password: Substring?)? {
    guard let login else { return nil }
    let parts = login.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    return (parts[0], parts.count > 1 ? parts[1] : nil)
  }

  /// `nil` where what stands there is no port.
  public var portNumber: Int? {
    port.flatMap { Int($0) }.flatMap { 1...65_535 ~= $0 ? $0 : nil }
  }

  /// `nil` where a percent sign is not followed by two hexadecimal digits.
  public static func percentDecoded(_ text: Substring) -> [UInt8]? {
    var bytes: [UInt8] = []
    var rest = text.utf8
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      let digits = String(decoding: rest.prefix(2), as: UTF8.self)
      guard digits.utf8.count == 2, digits.allSatisfy(\.isHexDigit),
        let value = UInt8(digits, radix: 16)
      else { return nil }
      bytes.append(value)
      rest = rest.dropFirst(2)
    }
    return bytes
  }

  /// Cuts `text` before that character; what follows it comes back.
  private static func cutOff(_ text: inout Substring, at place: String.Index?) -> Substring? {
    guard let place else { return nil }
    defer { text = text[..<place] }
    return text[text.index(after: place)...]
  }
}

/// `scheme://user:password@host:port/path`, as far as a client needs it. User and password are
/// percent-decoded.
public struct ServerURL: Equatable, Sendable {
  public var scheme: String
  public var user: String?
  public var password: String?
  /// Without the brackets of an IPv6 address.
  public var host: String
  public var port: Int?

  public init?(_ text: String) {
    guard text.utf8.allSatisfy({ 0x21...0x7E ~= $0 }), let parts = URLParts(text),
      !parts.host.isEmpty,
      parts.hasBrackets || !parts.host.contains(where: { ":[]@".contains($0) }),
      parts.port == nil || parts.portNumber != nil
    else { return nil }
    scheme = parts.scheme
    host = String(parts.host)
    port = parts.portNumber
    guard let (user, password) = parts.credentials else { return }
    guard let user = Self.decoded(user) else { return nil }
    self.user = user
    guard let password else { return }
    guard let password = Self.decoded(password) else { return nil }
    self.password = password
  }

  public var isLoopback: Bool { Loopback.contains(host) }

  /// `nil` for control characters too: they have no business in a name or password, and would break
  /// the protocol's lines.
  private static func decoded(_ text: Substring) -> String? {
    guard let bytes = URLParts.percentDecoded(text),
      bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
    else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }
}
