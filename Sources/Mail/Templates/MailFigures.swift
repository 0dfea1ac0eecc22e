import Billing

/// One row of the invoice as a mail shows it: a label and an amount.
struct MailFigure: Sendable {
  var label: String
  var note = ""
  var amount: String

  init(_ label: String, note: String = "", amount: String) {
    self.label = label
    self.note = note
    self.amount = amount
  }

  var labelAndNote: String { note.isEmpty ? label : "\(label) (\(note))" }

  func text(_ cell: MailCell) -> String {
    switch cell {
    case .label: label
    case .note: note
    case .amount: amount
    }
  }
}

/// The invoice's lines and sums.
struct MailFigures {
  let view: MailView
  let numbers: MailNumbers

  var lines: [MailFigure] {
    view.lines.map { line in
      let quantity = line.quantity.map { numbers.quantity($0, line.unit?.onOneLine) }
      let correction = line.correctsPeriod.map { "correction for \(MailDate.text($0))" }
      return MailFigure(
        Self.withoutCorrection(line).onOneLine,
        note: [quantity, correction].compactMap { $0 }.joined(separator: ", "),
        amount: money(line.amountMinor))
    }
  }

  var sums: [MailFigure] {
    if view.taxes.isEmpty { return [] }
    return [MailFigure("Net", amount: money(view.netMinor))]
      + view.taxes.map { tax in
        MailFigure(
          "\(tax.name.onOneLine) \(numbers.percent(tax.rate.onOneLine))",
          amount: money(tax.amountMinor))
      }
  }

  var totals: [MailFigure] {
    let total = MailFigure("Total", amount: money(view.totalMinor))
    let taken = [("Credit used", view.creditAppliedMinor), ("Charged", view.chargedMinor)]
      .filter { $0.1 > 0 }.map { MailFigure($0.0, amount: "-\(money($0.1))") }
    if taken.isEmpty { return [total] }
    return [total] + taken + [MailFigure("Amount due", amount: money(view.openMinor))]
  }

  /// The line's text already ends in `, correction for 2026-10`; the note says the same in words.
  private static func withoutCorrection(_ line: InvoiceLine) -> String {
    guard let period = line.correctsPeriod else { return line.text }
    let said = ", correction for \(period)"
    return line.text.hasSuffix(said) ? String(line.text.dropLast(said.count)) : line.text
  }

  private func money(_ amountMinor: Int64) -> String {
    numbers.money(amountMinor, view.currency)
  }
}

extension Unicode.Scalar {
  /// Control and format characters, and the separators of lines and paragraphs.
  var isInvisible: Bool {
    switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }
}

extension String {
  /// For text typed by others: without line breaks or other control characters, at most 200
  /// characters.
  var onOneLine: String {
    if utf8.count <= 200, utf8.allSatisfy({ 0x20...0x7E ~= $0 }) { return self }
    let clean = unicodeScalars.prefix(200).map { $0.isInvisible ? " " : Character($0) }
    return String(clean).isolated
  }

  /// Wraps right-to-left text in FIRST STRONG ISOLATE and POP DIRECTIONAL ISOLATE, so that what
  /// follows it stays in place.
  private var isolated: String {
    let isRightToLeft = unicodeScalars.contains {
      switch $0.value {
      case 0x590...0x8FF, 0xFB1D...0xFDFF, 0xFE70...0xFEFF, 0x10800...0x10FFF, 0x1E800...0x1EFFF:
        true
      default: false
      }
    }
    return isRightToLeft ? "\u{2068}\(self)\u{2069}" : self
  }
}
