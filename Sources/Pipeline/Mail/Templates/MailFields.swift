import Billing

/// A view as the names and texts that templates use: amounts, dates and sentences' switches are
/// made here, so that a template holds words only.
struct MailFields {
  private let view: MailView

  static func of(_ view: MailView) -> MailValues {
    let fields = MailFields(view: view)
    return MailValues(
      fields.texts.mapValues { $0.map { .text($0) } }
        .merging(fields.flags.mapValues { .flag($0) }) { $1 }
        .merging(fields.figures) { $1 })
  }

  private var texts: [String: String?] {
    [
      "account": Self.oneLine(view.account),
      "name": Self.oneLine(view.name),
      "period": MailDate.text(view.period),
      "invoiceNumber": "\(view.invoiceNumber)",
      "total": money(view.totalMinor),
      "open": money(view.openMinor),
      "amount": money(view.amountMinor),
      "credit": money(view.creditAppliedMinor),
      "nextAttempt": view.nextAttemptAt.map { MailDate.text($0, in: view.timeZone) },
      "dueDate": view.dueAt.map { MailDate.text($0, in: view.timeZone) },
      "reason": view.reason.map { Self.oneLine(String($0.map { $0 == "_" ? " " : $0 })) },
    ]
  }

  private var flags: [String: Bool] {
    [
      "isAutomatic": view.collection == .auto && view.openMinor > 0,
      "isManual": view.collection == .manual && view.openMinor > 0,
      "isSettled": view.openMinor <= 0 && view.totalMinor >= 0,
      "isInFavour": view.totalMinor < 0,
      "usesCredit": view.creditAppliedMinor > 0,
      "isOpen": view.openMinor > 0,
    ]
  }

  // MARK: The invoice's lines and sums

  private struct Figure {
    var label: String
    var note = ""
    var amount: String

    var values: MailValues {
      MailValues([
        "label": .text(label), "note": note.isEmpty ? nil : .text(note), "amount": .text(amount),
      ])
    }
  }

  private var figures: [String: MailValues.Value] {
    let (lines, sums, totals) = (lineFigures, sumFigures, totalFigures)
    return [
      "lines": .list(lines.map(\.values)), "sums": .list(sums.map(\.values)),
      "totals": .list(totals.map(\.values)),
      "figuresText": .text(Self.aligned(lines + sums + totals)),
    ]
  }

  private var lineFigures: [Figure] {
    view.lines.map { line in
      let quantity = line.quantity.map { Self.oneLine("\($0) \(line.unit ?? "")") }
      let correction = line.correctsPeriod.map { "correction for \(MailDate.text($0))" }
      return Figure(
        label: Self.oneLine(line.text),
        note: [quantity, correction].compactMap { $0 }.joined(separator: ", "),
        amount: money(line.amountMinor))
    }
  }

  private var sumFigures: [Figure] {
    if view.taxes.isEmpty { return [] }
    return [Figure(label: "Net", amount: money(view.netMinor))]
      + view.taxes.map { tax in
        Figure(
          label: "\(Self.oneLine(tax.name)) \(Self.percent(tax.rate))",
          amount: money(tax.amountMinor))
      }
  }

  private var totalFigures: [Figure] {
    let total = Figure(label: "Total", amount: money(view.totalMinor))
    if view.creditAppliedMinor <= 0 { return [total] }
    return [
      total, Figure(label: "Your credit", amount: "-\(money(view.creditAppliedMinor))"),
      Figure(label: "To pay", amount: money(view.openMinor)),
    ]
  }

  /// `0.081` is 8.1%.
  private static func percent(_ rate: String) -> String {
    // A rate that is no decimal never gets past the catalog's checks; then the text says it all.
    guard let share = try? ExactDecimal(parsing: rate),
      let percent = try? share.multiplied(by: ExactDecimal(100))
    else { return oneLine(rate) }
    return "\(percent)%"
  }

  /// Two columns, amounts to the right.
  private static func aligned(_ figures: [Figure]) -> String {
    let rows = figures.map { figure in
      (figure.note.isEmpty ? figure.label : "\(figure.label) (\(figure.note))", figure.amount)
    }
    let width = rows.map { $0.0.count + $0.1.count }.max() ?? 0
    return rows.map { label, amount in
      let gap = String(repeating: " ", count: width + 2 - label.count - amount.count)
      return "  \(label)\(gap)\(amount)\n"
    }.joined()
  }

  private func money(_ amountMinor: Int64) -> String { "\(Money(amountMinor, view.currency))" }

  /// Text that others typed: no line breaks or other control characters, at most 200 characters.
  private static func oneLine(_ text: String) -> String {
    if text.utf8.count <= 200, text.utf8.allSatisfy({ 0x20...0x7E ~= $0 }) { return text }
    let clean = text.unicodeScalars.prefix(200).map { scalar -> Character in
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator, .format: " "
      default: Character(scalar)
      }
    }
    return String(clean)
  }
}
