import Billing
import Mustache

/// Presents a view under the names that templates use. Amounts, dates and the switches for
/// sentences are computed here, so that a template contains only words. Each field is computed
/// when a template asks for it.
final class MailFields: MustacheParent, Sendable {
  private let view: MailView
  private let numbers: MailNumbers
  private let lines: [MailFigure]
  private let sums: [MailFigure]
  private let totals: [MailFigure]

  /// `withFigures`: set for the mail that shows the invoice's lines and sums.
  init(_ view: MailView, _ numbers: MailNumbers, withFigures: Bool) {
    self.view = view
    self.numbers = numbers
    let figures = MailFigures(view: view, numbers: numbers)
    lines = withFigures ? figures.lines : []
    sums = withFigures ? figures.sums : []
    totals = withFigures ? figures.totals : []
  }

  func child(named name: String) -> Any? {
    if let text = text(name) { return MailText(text) }
    return switch name {
    case "lines": lines
    case "sums": sums
    case "totals": totals
    default: flag(name)
    }
  }

  private func text(_ name: String) -> String? {
    switch name {
    case "account": view.account.onOneLine
    case "name": view.name.onOneLine
    case "period": MailDate.text(view.period)
    case "invoiceNumber": "\(view.invoiceNumber)"
    case "total": money(view.totalMinor)
    case "credited": money(view.totalMinor == .min ? 0 : -view.totalMinor)
    case "charged": money(view.chargedMinor)
    case "toCharge": money(view.toChargeMinor)
    case "open": money(view.openMinor)
    case "amount": money(view.amountMinor)
    case "credit": money(view.creditAppliedMinor)
    case "nextAttempt": view.nextAttemptAt.map { MailDate.text($0, in: view.timeZone) }
    case "dueDate": view.dueAt.map { MailDate.text($0, in: view.timeZone) }
    case "lastDay": view.ending.map { MailDate.text($0.lastDay) }
    case "reason": view.reason.flatMap(DeclineReason.text)
    case "figuresText":
      MailTextLines.table((lines + sums + totals).map { ($0.labelAndNote, $0.amount) })
    default: nil
    }
  }

  private func flag(_ name: String) -> Bool? {
    let isOpen = view.openMinor > 0
    return switch name {
    case "willBeCharged": isOpen && view.payment == .willBeCharged
    case "isTriedAgain": isOpen && view.payment == .isTriedAgain
    case "isChargedAgain":
      isOpen && (view.payment == .isTriedAgain || view.payment == .willBeCharged)
    case "isTooSmall": isOpen && view.payment == .isTooSmall
    case "isManual": isOpen && view.payment == .manual
    case "isSettled": !isOpen && view.totalMinor >= 0
    case "wasCharged": view.chargedMinor > 0
    case "isCreditNote": view.totalMinor < 0
    case "usesCredit": view.creditAppliedMinor > 0
    case "isOpen": isOpen
    case "isFinal": view.ending?.kind == .final
    case "isAfterFinal": view.ending?.kind == .usageAfterFinal
    case "hasEnded": view.ending?.isOver == true
    default: nil
    }
  }

  private func money(_ amountMinor: Int64) -> String {
    numbers.money(amountMinor, view.currency)
  }
}
