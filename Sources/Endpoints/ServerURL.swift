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
    guard text.utf8.allSatisfy({ 0x21...0x7E ~= $0 }), let end = text.firstRange(of: "://")
    else { return nil }
    scheme = text[..<end.lowerBound].lowercased()
    let rest = text[end.upperBound...]
    var authority = rest[..<(rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex)]
    if let at = authority.lastIndex(of: "@") {
      guard let (user, password) = Self.credentials(authority[..<at]) else { return nil }
      (self.user, self.password) = (user, password)
      authority = authority[authority.index(after: at)...]
    }
    guard let (host, port) = Self.hostAndPort(authority) else { return nil }
    (self.host, self.port) = (host, port)
  }

  public var isLoopback: Bool { Loopback.contains(host) }

  private static func credentials(_ text: Substring) -> (String, String?)? {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard let user = percentDecoded(parts[0]) else { return nil }
    guard parts.count == 2 else { return (user, nil) }
    return percentDecoded(parts[1]).map { (user, $0) }
  }

  private static func hostAndPort(_ text: Substring) -> (String, Int?)? {
    var host = text
    var port: Int?
    if let colon = text.lastIndex(of: ":"), text.last != "]" {
      guard let number = Int(text[text.index(after: colon)...]), 1...65_535 ~= number else {
        return nil
      }
      port = number
      host = text[..<colon]
    }
    if host.first == "[", host.last == "]" {
      host = host.dropFirst().dropLast()
    } else if host.contains(where: { ":[]@".contains($0) }) {
      return nil
    }
    return host.isEmpty ? nil : (String(host), port)
  }

  /// `nil` for a percent sign without two hexadecimal digits, and for control characters: they have
  /// no business in a name or password and would break the protocol's lines.
  static func percentDecoded(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let digits = String(rest.prefix(2)), digits.utf8.count == 2,
        digits.allSatisfy(\.isHexDigit), let value = UInt8(digits, radix: 16), value >= 0x20,
        value != 0x7F
      else { return nil }
      bytes.append(value)
      rest = rest.dropFirst(2)
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
