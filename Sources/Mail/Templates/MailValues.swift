import Mustache

/// What Mustache is given: types it knows how to read without reflection, which is slow.
struct MailText: MustacheCustomRenderable, MustacheParent, Sendable {
  let renderText: String
  var isNull: Bool { false }

  init(_ text: String) { renderText = text }

  /// In a section of its own a text is what names are looked up in first.
  func child(named name: String) -> Any? { nil }
}

/// Escapes byte by byte. The library's own works on whole characters and is blind to a `<` that has
/// a combining accent after it.
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
