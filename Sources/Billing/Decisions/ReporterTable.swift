/// Which step of an account's close a message proves.
public enum ReportAction: Sendable, Equatable {
  case invoiced, settled, settledSilently, invoiceMailed, outcomeMailed, parked
  case noted
}

public struct ReportSituation: Sendable {
  public var type: EventType
  public var mail: MailKind?

  public init(type: EventType, mail: MailKind? = nil) {
    self.type = type
    self.mail = mail
  }
}

extension DecisionTable where Situation == ReportSituation, Action == ReportAction {
  /// The reporter keeps a set, not a count: seeing a message again changes nothing.
  public static let reporter = DecisionTable(
    "reporter",
    [
      row("report.invoiced", "an invoice was issued", "record it", [.invoiceIssued], .invoiced),
      row(
        "report.parked", "no invoice could be made", "record it; nothing will follow",
        [.invoiceParked], .parked),
      row(
        "report.settled", "a charge was settled", "record it; a mail will follow",
        [.chargeSucceeded, .chargeDeclined], .settled),
      row(
        "report.settled-silently", "nothing was charged, or it is waiting for a person",
        "record it; no mail will follow", [.chargeSkipped, .chargeParked], .settledSilently),
      DecisionRow(
        "report.invoice-mailed", found: "the invoice mail is finished", .same, does: "record it",
        when: { $0.mail == .invoice }, action: { _ in .invoiceMailed }),
      DecisionRow(
        "report.outcome-mailed", found: "the outcome mail is finished", .same, does: "record it",
        when: { $0.mail == .receipt || $0.mail == .declined }, action: { _ in .outcomeMailed }),
      DecisionRow(
        "report.noted", found: "an event that changes no stage", .harmless, does: "nothing more",
        when: { _ in true }, action: { _ in .noted }),
    ])

  private static func row(
    _ rule: String, _ found: String, _ does: String, _ types: Set<EventType>,
    _ action: ReportAction
  ) -> DecisionRow<ReportSituation, ReportAction> {
    DecisionRow(
      rule, found: found, .same, does: does, when: { types.contains($0.type) },
      action: { _ in action })
  }
}
