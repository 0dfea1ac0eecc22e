import Billing
import Mustache

/// The wording of one kind of mail: Mustache templates over the names of `MailFields`.
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

/// The templates of all mails, parsed once, and rendered once for each shape of a mail: most mails
/// only fill in a form. Every value is escaped in HTML; the tests reject a template that does not
/// escape one.
public struct MailTemplates: Sendable {
  /// The templates compiled into this program.
  public static let compiled = Result { try MailTemplates() }

  private let library: MustacheLibrary
  let forms: MailForms

  public init() throws { try self.init(forms: MailForms()) }

  init(forms: MailForms) throws {
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
    self.forms = forms
  }

  public func render(
    _ kind: MailKind, _ view: MailView
  ) throws -> (subject: String, text: String, html: String) {
    var fields = fields(kind, view)
    let shape = MailShape(kind, fields)
    if shape.isUncommon { return try renderDirectly(kind, fields) }
    let forms = try forms.parts(shape) { try form(kind, fields) }
    return Self.ready(
      subject: forms.subject.filled { fields.text($0) },
      text: forms.text.filled { fields.text($0) },
      html: forms.html.filled { MailHTML().escapeText(fields.text($0)) })
  }

  /// The same without a form, from Mustache directly: what the tests compare it to.
  func renderDirectly(
    _ kind: MailKind, _ view: MailView
  ) throws -> (subject: String, text: String, html: String) {
    try renderDirectly(kind, fields(kind, view))
  }

  private func renderDirectly(
    _ kind: MailKind, _ fields: MailFields
  ) throws -> (subject: String, text: String, html: String) {
    let names = MailNames(fields, isBlank: false)
    return Self.ready(
      subject: try part("subject", of: kind, names), text: try part("text", of: kind, names),
      html: try part("html", of: kind, names))
  }

  private func form(_ kind: MailKind, _ fields: MailFields) throws -> MailForms.Parts {
    let names = MailNames(fields, isBlank: true)
    return MailForms.Parts(
      subject: try MailForm(part("subject", of: kind, names)),
      text: try MailForm(part("text", of: kind, names)),
      html: try MailForm(part("html", of: kind, names)))
  }

  /// In HTML a number is kept on one line with its unit; plain text is wrapped later.
  private func fields(_ kind: MailKind, _ view: MailView) -> MailFields {
    MailFields(
      view, MailNumbers(space: MailTextLines.noBreakSpace), withFigures: kind == .invoice)
  }

  private func part(_ name: String, of kind: MailKind, _ names: MailNames) throws -> String {
    guard let text = library.render(names, withTemplate: "\(kind).\(name)") else {
      throw MailTemplateError.missing("\(kind).\(name)")
    }
    return text
  }

  private static func ready(
    subject: String, text: String, html: String
  ) -> (subject: String, text: String, html: String) {
    (
      MailTextLines.breakable(subject), MailTextLines.wrapped(MailTextLines.breakable(text)), html
    )
  }
}

public enum MailTemplateError: Error, Equatable {
  case missing(String)
  /// A template has the control characters that mark the blanks of a form.
  case badMark(String)
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
