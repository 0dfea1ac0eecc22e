import Mustache

/// What Mustache finds under the names in a template: the texts themselves, or the marks of their
/// blanks.
final class MailNames: MustacheParent {
  private var fields: MailFields
  private let isBlank: Bool

  init(_ fields: MailFields, isBlank: Bool) {
    self.fields = fields
    self.isBlank = isBlank
  }

  func child(named name: String) -> Any? {
    if let field = MailField(rawValue: name) {
      guard fields.has(field) else { return nil }
      return MailText(isBlank ? MailBlank.field(field).mark : fields.text(field))
    }
    if let flag = MailSwitch(rawValue: name) { return fields.isOn(flag) }
    guard let rows = MailRows(rawValue: name) else { return nil }
    return fields.figures(rows).enumerated().map { index, figure in
      MailRowNames(figure) { cell in
        self.isBlank ? MailBlank.cell(rows, row: index, cell).mark : figure.text(cell)
      }
    }
  }
}

/// The same for a row of a table.
private final class MailRowNames: MustacheParent {
  private let figure: MailFigure
  private let text: (MailCell) -> String

  init(_ figure: MailFigure, _ text: @escaping (MailCell) -> String) {
    self.figure = figure
    self.text = text
  }

  func child(named name: String) -> Any? {
    guard let cell = MailCell(rawValue: name) else { return nil }
    return cell == .note && figure.note.isEmpty ? nil : MailText(text(cell))
  }
}

/// A value handed to Mustache: a type it can read without reflection, which is slow.
private struct MailText: MustacheCustomRenderable, MustacheParent {
  let renderText: String
  var isNull: Bool { false }

  init(_ text: String) { renderText = text }

  /// Inside a section over a text, names are looked up in that text first.
  func child(named name: String) -> Any? { nil }
}
