import Billing

/// A view as the names and texts that templates use: amounts, dates and sentences' switches are
/// made here, so that a template holds words only.
struct MailFields {
  private let view: MailView
  private let numbers: MailNumbers

  /// `withFigures`: for the mail that shows the invoice's lines and sums.
  static func of(
    _ view: MailView, _ numbers: MailNumbers, withFigures: Bool
  ) -> MailValues {
    let fields = MailFields(view: view, numbers: numbers)
    var values = withFigures ? fields.figures : [:]
    for (name, text) in fields.texts { values[name] = text.map { .text($0) } }
    for (name, flag) in fields.flags { values[name] = .flag(flag) }
    return MailValues(values)
  }

  private var texts: [String: String?] {
    [
      "account": Self.oneLine(view.account),
      "name": Self.oneLine(view.name),
      "period": MailDate.text(view.period),
      "invoiceNumber": "\(view.invoiceNumber)",
      "total": money(view.totalMinor),
      "credited": money(view.totalMinor == .min ? 0 : -view.totalMinor),
      "charged": money(view.chargedMinor),
      "toCharge": money(view.toChargeMinor),
      "open": money(view.openMinor),
      "amount": money(view.amountMinor),
      "credit": money(view.creditAppliedMinor),
      "nextAttempt": view.nextAttemptAt.map { MailDate.text($0, in: view.timeZone) },
      "dueDate": view.dueAt.map { MailDate.text($0, in: view.timeZone) },
      "reason": view.reason.map { Self.oneLine(String($0.map { $0 == "_" ? " " : $0 })) },
    ]
  }

  private var flags: [String: Bool] {
    let isOpen = view.openMinor > 0
    return [
      "willBeCharged": isOpen && view.payment == .willBeCharged,
      "isTriedAgain": isOpen && view.payment == .isTriedAgain,
      "isTooSmall": isOpen && view.payment == .isTooSmall,
      "isManual": isOpen && view.payment == .manual,
      "isSettled": !isOpen && view.totalMinor >= 0,
      "wasCharged": view.chargedMinor > 0,
      "isCreditNote": view.totalMinor < 0,
      "usesCredit": view.creditAppliedMinor > 0,
      "isOpen": isOpen,
    ]
  }

  // MARK: The invoice's lines and sums

  private struct Figure {
    var label: String
    var note = ""
    var amount: String

    var labelAndNote: String { note.isEmpty ? label : "\(label) (\(note))" }

    var values: MailValues {
      var values: [String: MailValues.Value] = ["label": .text(label), "amount": .text(amount)]
      if !note.isEmpty { values["note"] = .text(note) }
      return MailValues(values)
    }
  }

  private var figures: [String: MailValues.Value] {
    let (lines, sums, totals) = (lineFigures, sumFigures, totalFigures)
    return [
      "lines": .list(lines.map(\.values)), "sums": .list(sums.map(\.values)),
      "totals": .list(totals.map(\.values)),
      "figuresText": .text(
        MailTextLines.table((lines + sums + totals).map { ($0.labelAndNote, $0.amount) })),
    ]
  }

  private var lineFigures: [Figure] {
    view.lines.map { line in
      let quantity = line.quantity.map { numbers.quantity($0, line.unit.map(Self.oneLine)) }
      let correction = line.correctsPeriod.map { "correction for \(MailDate.text($0))" }
      return Figure(
        label: Self.oneLine(Self.withoutCorrection(line)),
        note: [quantity, correction].compactMap { $0 }.joined(separator: ", "),
        amount: money(line.amountMinor))
    }
  }

  private var sumFigures: [Figure] {
    if view.taxes.isEmpty { return [] }
    return [Figure(label: "Net", amount: money(view.netMinor))]
      + view.taxes.map { tax in
        Figure(
          label: "\(Self.oneLine(tax.name)) \(numbers.percent(Self.oneLine(tax.rate)))",
          amount: money(tax.amountMinor))
      }
  }

  private var totalFigures: [Figure] {
    let total = Figure(label: "Total", amount: money(view.totalMinor))
    let taken = [("Your credit", view.creditAppliedMinor), ("Charged", view.chargedMinor)]
      .filter { $0.1 > 0 }.map { Figure(label: $0.0, amount: "-\(money($0.1))") }
    if taken.isEmpty { return [total] }
    return [total] + taken + [Figure(label: "To pay", amount: money(view.openMinor))]
  }

  /// The line says so itself, as `, correction for 2026-10`; the note says it for people.
  private static func withoutCorrection(_ line: InvoiceLine) -> String {
    guard let period = line.correctsPeriod else { return line.text }
    let said = ", correction for \(period)"
    return line.text.hasSuffix(said) ? String(line.text.dropLast(said.count)) : line.text
  }

  private func money(_ amountMinor: Int64) -> String {
    numbers.money(amountMinor, view.currency)
  }

  /// Text that others typed: no line breaks or other control characters, at most 200 characters.
  private static func oneLine(_ text: String) -> String {
    if text.utf8.count <= 200, text.utf8.allSatisfy({ 0x20...0x7E ~= $0 }) { return text }
    let clean = text.unicodeScalars.prefix(200).map { scalar -> Character in
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator, .format: " "
      default: Character(scalar)
      }
    }
    return isolated(String(clean))
  }

  /// Text that is written from right to left keeps what follows it in its place: FIRST STRONG
  /// ISOLATE and POP DIRECTIONAL ISOLATE.
  private static func isolated(_ text: String) -> String {
    let isRightToLeft = text.unicodeScalars.contains {
      switch $0.value {
      case 0x590...0x8FF, 0xFB1D...0xFDFF, 0xFE70...0xFEFF, 0x10800...0x10FFF, 0x1E800...0x1EFFF:
        true
      default: false
      }
    }
    return isRightToLeft ? "\u{2068}\(text)\u{2069}" : text
  }
}
