/// Keeps secrets out of logs and errors.
public enum Redaction {
  public static let mask = "***"

  /// Redacts everything between the first ":" and the last "@", in case a password ended up
  /// elsewhere in a malformed URL, and a query that names a password.
  public static func withoutPassword(_ text: String) -> String {
    var text = text[...]
    var query = ""
    if let mark = text.firstIndex(of: "?"), text[mark...].lowercased().contains("pass") {
      text = text[..<mark]
      query = "?\(mask)"
    }
    let start = text.firstRange(of: "://")?.upperBound ?? text.startIndex
    guard let at = text.lastIndex(of: "@"), at > start,
      let colon = text[start..<at].firstIndex(of: ":")
    else { return text + query }
    return "\(text[...colon])\(mask)\(text[at...])\(query)"
  }

  /// At most 80 characters, control characters as `?`. (The set of `Billing` is larger, and out of
  /// reach here.)
  public static func printable(_ text: String) -> String {
    let clean = text.unicodeScalars.prefix(80).map { scalar in
      scalar.value < 0x20 || 0x7F...0x9F ~= scalar.value ? "?" : Character(scalar)
    }
    return String(clean) + (text.unicodeScalars.count > 80 ? "…" : "")
  }
}
