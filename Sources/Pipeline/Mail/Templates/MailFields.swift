import Billing

/// A view as the names and texts that templates use: amounts, dates and sentences' switches are made
/// here, so that a template holds words only.
struct MailFields {
  private let view: MailView

  static func of(_ view: MailView) -> [String: Any] {
    let fields = MailFields(view: view)
    return fields.texts.merging(fields.switches) { $1 }
      .merging(fields.figures) { $1 }
  }

  private var texts: [String: Any] {
    var texts: [String: Any] = [
      "account": Self.oneLine(view.account),
      "name": Self.oneLine(view.name),
      "period": MailDate.text(view.period),
      "invoiceNumber": "\(view.invoiceNumber)",
      "total": money(view.totalMinor),
      "open": money(view.openMinor),
      "amount": money(view.amountMinor),
      "credit": money(view.creditAppliedMinor),
    ]
    texts["nextAttempt"] = view.nextAttemptAt.map { MailDate.text($0, in: view.timeZone) }
    texts["dueDate"] = view.dueAt.map { MailDate.text($0, in: view.timeZone) }
    texts["reason"] = view.reason.map { code in
      Self.oneLine(String(code.map { $0 == "_" ? " " : $0 }))
    }
    return texts
  }

  private var switches: [String: Any] {
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
    var isSum = false
  }

  private var figures: [String: Any] {
    let figures = lineFigures + sumFigures
    return [
      "figures": figures.map { figure -> [String: Any] in
        [
          "label": figure.label, "note": figure.note, "hasNote": !figure.note.isEmpty,
          "amount": figure.amount, "isSum": figure.isSum,
        ]
      },
      "figuresText": Self.aligned(figures),
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
    var sums: [Figure] = []
    if !view.taxes.isEmpty {
      sums.append(Figure(label: "Net", amount: money(view.netMinor), isSum: true))
    }
    for tax in view.taxes {
      let label = "\(Self.oneLine(tax.name)) \(Self.percent(tax.rate))"
      sums.append(Figure(label: label, amount: money(tax.amountMinor), isSum: true))
    }
    sums.append(Figure(label: "Total", amount: money(view.totalMinor), isSum: true))
    if view.creditAppliedMinor > 0 {
      let credit = "-\(money(view.creditAppliedMinor))"
      sums.append(Figure(label: "Your credit", amount: credit, isSum: true))
      sums.append(Figure(label: "To pay", amount: money(view.openMinor), isSum: true))
    }
    return sums
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

  /// Text that others typed, without line breaks or other control characters, at most 200 characters.
  private static func oneLine(_ text: String) -> String {
    let clean = text.unicodeScalars.prefix(200).map { scalar -> Character in
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator, .format: " "
      default: Character(scalar)
      }
    }
    return String(clean)
  }
}
