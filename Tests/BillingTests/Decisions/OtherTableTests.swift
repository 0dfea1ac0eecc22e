import Billing
import Testing

@Suite struct InvoicerTableTests {
  static func draft(total: Int64) -> InvoiceDraft {
    InvoiceDraft(
      account: "a-1", period: Situations.period, currency: Situations.chf, catalogVersion: 1,
      lines: [], taxes: [], netMinor: total, taxMinor: 0, totalMinor: total, billed: [])
  }

  struct Case: Sendable {
    var rule: String
    var situation: InvoiceSituation
    var action: InvoiceAction
  }

  static let cases: [Case] = [
    Case(
      rule: "invoice.exists",
      situation: .init(existing: Situations().facts.invoice, rated: .draft(draft(total: 5))),
      action: .nothing),
    Case(
      rule: "invoice.no-catalog", situation: .init(existing: nil, rated: .noCatalog),
      action: .park),
    Case(
      rule: "invoice.unratable", situation: .init(existing: nil, rated: .unratable("overflow")),
      action: .park),
    Case(
      rule: "invoice.nothing-due",
      situation: .init(existing: nil, rated: .draft(draft(total: 0))),
      action: .issue(draft(total: 0))),
    Case(
      rule: "invoice.credit", situation: .init(existing: nil, rated: .draft(draft(total: -7))),
      action: .issue(draft(total: -7))),
    Case(
      rule: "invoice.issue", situation: .init(existing: nil, rated: .draft(draft(total: 7))),
      action: .issue(draft(total: 7))),
  ]

  @Test(arguments: cases) func `Decides by the table`(_ test: Case) {
    let decided = DecisionTable.invoicer.decide(test.situation)
    #expect(decided.rule == test.rule)
    #expect(decided.action == test.action)
  }

  @Test func `Every row has a case`() {
    #expect(Set(DecisionTable.invoicer.rows.map(\.rule)) == Set(Self.cases.map(\.rule)))
  }
}

@Suite struct ReporterTableTests {
  static let cases: [(type: EventType, mail: MailKind?, rule: String)] = [
    (.invoiceIssued, nil, "report.invoiced"),
    (.invoiceParked, nil, "report.parked"),
    (.chargeSucceeded, nil, "report.settled"),
    (.chargeDeclined, nil, "report.settled"),
    (.chargeSkipped, nil, "report.settled-silently"),
    (.chargeParked, nil, "report.settled-silently"),
    (.mailSent, .invoice, "report.invoice-mailed"),
    (.mailSuppressed, .invoice, "report.invoice-mailed"),
    (.mailRefused, .receipt, "report.outcome-mailed"),
    (.mailSent, .declined, "report.outcome-mailed"),
    (.mailSent, .held, "report.noted"),
    (.holdPlaced, nil, "report.noted"),
    (.paymentRecorded, nil, "report.noted"),
  ]

  @Test(arguments: cases)
  func `Notes by the table`(_ test: (type: EventType, mail: MailKind?, rule: String)) {
    let decided = DecisionTable.reporter.decide(
      ReportSituation(type: test.type, mail: test.mail))
    #expect(decided.rule == test.rule)
  }

  @Test func `Every row has a case`() {
    #expect(Set(DecisionTable.reporter.rows.map(\.rule)) == Set(Self.cases.map(\.rule)))
  }
}
