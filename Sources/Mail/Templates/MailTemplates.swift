import Billing
import Mustache

/// The wording of one kind of mail: Mustache templates over `MailFields`.
struct MailTemplate {
  /// The colour of the bar at the top.
  var accent: String
  var subject: String
  var text: String
  /// Inserted between the layout's head and foot.
  var html: String

  static func of(_ kind: MailKind) -> MailTemplate {
    switch kind {
    case .invoice: .invoice
    case .receipt: .receipt
    case .declined: .declined
    case .held: .held
    case .released: .released
    }
  }
}

/// The templates of all mails, parsed once. Every value is escaped in HTML; the tests reject a
/// template that does not escape one.
public struct MailTemplates: Sendable {
  /// The templates compiled into this program.
  public static let compiled = Result { try MailTemplates() }

  private let library: MustacheLibrary

  public init() throws {
    MustacheContentTypes.register(MailHTML(), named: MailHTML.name)
    var library = MustacheLibrary()
    for kind in MailKind.allCases {
      let template = MailTemplate.of(kind)
      try library.register(MailLayout.plain + template.subject, named: "\(kind).subject")
      try library.register(
        MailLayout.plain + template.text + MailLayout.textFoot, named: "\(kind).text")
      try library.register(MailLayout.page(template), named: "\(kind).html")
    }
    self.library = library
  }

  public func render(
    _ kind: MailKind, _ view: MailView
  ) throws -> (subject: String, text: String, html: String) {
    // In HTML a number is kept on one line with its unit; plain text is wrapped here.
    let fields = MailFields(
      view, MailNumbers(space: MailTextLines.noBreakSpace), withFigures: kind == .invoice)
    func part(_ name: String) throws -> String {
      guard let text = library.render(fields, withTemplate: "\(kind).\(name)") else {
        throw MailTemplateError.missing("\(kind).\(name)")
      }
      return text
    }
    return (
      MailTextLines.breakable(try part("subject")),
      MailTextLines.wrapped(MailTextLines.breakable(try part("text"))), try part("html")
    )
  }
}

public enum MailTemplateError: Error, Equatable {
  case missing(String)
}

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
