import Mustache

/// A value handed to Mustache: a type it can read without reflection, which is slow.
struct MailText: MustacheCustomRenderable, MustacheParent, Sendable {
  let renderText: String
  var isNull: Bool { false }

  init(_ text: String) { renderText = text }

  /// Inside a section over a text, names are looked up in that text first.
  func child(named name: String) -> Any? { nil }
}

/// Escapes byte by byte. The library's own escaping works on whole characters and misses a `<`
/// followed by a combining accent.
struct MailHTML: MustacheContentType {
  static let name = "MONTHCLOSE_HTML"

  func escapeText(_ text: String) -> String {
    guard text.utf8.contains(where: { Self.entity($0) != nil }) else { return text }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count + 32)
    for byte in text.utf8 {
      if let entity = Self.entity(byte) {
        bytes.append(contentsOf: entity.utf8)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func entity(_ byte: UInt8) -> String? {
    switch byte {
    case UInt8(ascii: "<"): "&lt;"
    case UInt8(ascii: ">"): "&gt;"
    case UInt8(ascii: "&"): "&amp;"
    case UInt8(ascii: "\""): "&quot;"
    case UInt8(ascii: "'"): "&#39;"
    default: nil
    }
  }
}
