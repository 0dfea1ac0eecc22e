import Billing

/// The texts that a template can name.
enum MailField: String, CaseIterable, Sendable {
  case account, name, period, invoiceNumber, total, credited, charged, toCharge, open, amount
  case credit, nextAttempt, dueDate, lastDay, reason, figuresText
}

/// The switches for sentences.
enum MailSwitch: String, CaseIterable, Sendable {
  case willBeCharged, isTriedAgain, isChargedAgain, isTooSmall, isManual, isSettled, wasCharged
  case isCreditNote, usesCredit, isOpen, isFinal, isAfterFinal, hasEnded
}

/// The tables of an invoice, and the parts of their rows.
enum MailRows: String, CaseIterable, Sendable { case lines, sums, totals }
enum MailCell: String, CaseIterable, Sendable { case label, note, amount }

/// Presents a view under the names that templates use. Amounts, dates and the switches for
/// sentences are computed here, so that a template contains only words. Each text is computed when
/// a template first asks for it.
struct MailFields {
  private let view: MailView
  private let numbers: MailNumbers
  private let lines: [MailFigure]
  private let sums: [MailFigure]
  private let totals: [MailFigure]
  private var texts: [MailField: String] = [:]

  /// `withFigures`: set for the mail that shows the invoice's lines and sums.
  init(_ view: MailView, _ numbers: MailNumbers, withFigures: Bool) {
    self.view = view
    self.numbers = numbers
    let figures = MailFigures(view: view, numbers: numbers)
    lines = withFigures ? figures.lines : []
    sums = withFigures ? figures.sums : []
    totals = withFigures ? figures.totals : []
  }

  func figures(_ rows: MailRows) -> [MailFigure] {
    switch rows {
    case .lines: lines
    case .sums: sums
    case .totals: totals
    }
  }

  /// Whether a section over the text is shown.
  func has(_ field: MailField) -> Bool {
    switch field {
    case .nextAttempt: view.nextAttemptAt != nil
    case .dueDate: view.dueAt != nil
    case .lastDay: view.ending != nil
    case .reason: view.reason.flatMap(DeclineReason.text) != nil
    default: true
    }
  }

  mutating func text(_ blank: MailBlank) -> String {
    switch blank {
    case .field(let field): return text(field)
    case .cell(let rows, let row, let cell): return figures(rows)[row].text(cell)
    }
  }

  mutating func text(_ field: MailField) -> String {
    if let text = texts[field] { return text }
    let text = newText(field) ?? ""
    texts[field] = text
    return text
  }

  private func newText(_ field: MailField) -> String? {
    switch field {
    case .account: view.account.onOneLine
    case .name: view.name.onOneLine
    case .period: MailDate.text(view.period)
    case .invoiceNumber: "\(view.invoiceNumber)"
    case .total: money(view.totalMinor)
    case .credited: money(view.totalMinor == .min ? 0 : -view.totalMinor)
    case .charged: money(view.chargedMinor)
    case .toCharge: money(view.toChargeMinor)
    case .open: money(view.openMinor)
    case .amount: money(view.amountMinor)
    case .credit: money(view.creditAppliedMinor)
    case .nextAttempt: view.nextAttemptAt.map { MailDate.text($0, in: view.timeZone) }
    case .dueDate: view.dueAt.map { MailDate.text($0, in: view.timeZone) }
    case .lastDay: view.ending.map { MailDate.text($0.lastDay) }
    case .reason: view.reason.flatMap(DeclineReason.text)
    case .figuresText:
      MailTextLines.table((lines + sums + totals).map { ($0.labelAndNote, $0.amount) })
    }
  }

  func isOn(_ flag: MailSwitch) -> Bool {
    let isOpen = view.openMinor > 0
    return switch flag {
    case .willBeCharged: isOpen && view.payment == .willBeCharged
    case .isTriedAgain: isOpen && view.payment == .isTriedAgain
    case .isChargedAgain:
      isOpen && (view.payment == .isTriedAgain || view.payment == .willBeCharged)
    case .isTooSmall: isOpen && view.payment == .isTooSmall
    case .isManual: isOpen && view.payment == .manual
    case .isSettled: !isOpen && view.totalMinor >= 0
    case .wasCharged: view.chargedMinor > 0
    case .isCreditNote: view.totalMinor < 0
    case .usesCredit: view.creditAppliedMinor > 0
    case .isOpen: isOpen
    case .isFinal: view.ending?.kind == .final
    case .isAfterFinal: view.ending?.kind == .usageAfterFinal
    case .hasEnded: view.ending?.isOver == true
    }
  }

  private func money(_ amountMinor: Int64) -> String {
    numbers.money(amountMinor, view.currency)
  }
}
