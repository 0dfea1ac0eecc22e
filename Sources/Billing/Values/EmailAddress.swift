/// An address that mail can be sent to. The import and the mailer share this one rule, so that the
/// mailer never refuses what the import accepted.
///
/// It is the everyday form of RFC 5321: `local@domain`, at most 254 bytes, ASCII, without quotes,
/// comments or brackets. So it is safe between the angle brackets of a command and of a header.
/// Whether the mailbox exists only a mail can tell.
public struct EmailAddress: Sendable, Hashable {
  public let text: String

  /// `nil` where mail cannot be sent to it.
  public init?(_ text: String) {
    let parts = text.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
    guard text.utf8.count <= 254, parts.count == 2, Self.isLocalPart(parts[0]),
      Self.isDomain(parts[1])
    else { return nil }
    self.text = text
  }

  private static func isLocalPart(_ text: Substring.UTF8View) -> Bool {
    let atoms = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return text.count <= 64 && atoms.allSatisfy { !$0.isEmpty && $0.allSatisfy(isAtomByte) }
  }

  private static func isDomain(_ text: Substring.UTF8View) -> Bool {
    let labels = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return labels.allSatisfy { label in
      1...63 ~= label.count && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
        && label.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") }
    }
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"): true
    default: false
    }
  }

  /// RFC 5322 `atext`.
  public static func isAtomByte(_ byte: UInt8) -> Bool {
    isLetterOrDigit(byte) || "!#$%&'*+-/=?^_`{|}~".utf8.contains(byte)
  }
}
