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
