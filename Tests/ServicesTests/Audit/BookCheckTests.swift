import Billing
import Ledger
import Testing

@testable import Operations

@Suite struct BookCheckTests {
  @Test func `Entries balance per transaction and currency`() {
    var tally = BalanceTally()
    tally.transactions = 3
    #expect(AuditCheck.balanced(tally).verdict == .holds)
    tally.unbalanced.add("transaction 2")
    tally.unbalancedCurrencies.add("CHF")
    let finding = AuditCheck.balanced(tally)
    #expect(finding.verdict == .broken)
    #expect(finding.violations.ids == ["transaction 2", "CHF"])
    #expect(finding.compared == 3)
  }

  @Test func `An account has one invoice over what was posted`() {
    var tally = InvoiceTally()
    tally.invoices = 2
    #expect(AuditCheck.oneInvoice(tally).verdict == .holds)
    tally.invoicedTwice.add("a")
    tally.moved.add("2026-11/b")
    #expect(AuditCheck.oneInvoice(tally).violations.ids == ["a", "2026-11/b"])
  }

  @Test func `A message is answered once`() {
    var tally = RepetitionTally()
    #expect(AuditCheck.once(tally).verdict == .holds)
    tally.repeated.add("m by charger")
    #expect(AuditCheck.once(tally).verdict == .broken)
  }

  @Test func `What the store finds of itself is told`() {
    #expect(AuditCheck.soundStore([]).verdict == .holds)
    #expect(AuditCheck.soundStore(["account a has balance 7"]).verdict == .broken)
  }

  private static let sums: [EntrySum] = [
    sum(.invoice, "receivable", 1581), sum(.invoice, "revenue:server", -1500),
    sum(.invoice, "tax:MWST:0.081", -81), sum(.creditApplied, "receivable", -100),
    sum(.creditApplied, "customer_credit", 100), sum(.charge, "receivable", -1081),
    sum(.charge, "gateway_clearing", 1100), sum(.charge, "customer_credit", -19),
    sum(.payment, "receivable", -200),
  ]

  private static func sum(_ kind: Transaction.Kind, _ name: String, _ amount: Int64) -> EntrySum {
    EntrySum(
      currency: .chf, kind: kind, ledgerAccount: name, amountMinor: amount, transactions: 1)
  }

  private static var reported: FinanceTotals {
    var totals = FinanceTotals(currency: .chf)
    totals.invoices = 2
    totals.invoicedMinor = 1581
    totals.taxMinor = 81
    totals.creditedMinor = 100 - 19
    totals.collectedMinor = 1100 + 200
    totals.collectedByGatewayMinor = 1100
    totals.outstandingMinor = 200
    totals.revenueMinor = ["server": 1500]
    totals.taxByRateMinor = ["MWST 0.081": 81]
    return totals
  }

  @Test func `The report is added up again`() {
    #expect(AuditCheck.report([Self.reported], Self.sums).violations.ids == [])
    #expect(AuditCheck.report([Self.reported], Self.sums).compared == 9)
  }

  private enum Figure: String, CaseIterable {
    case invoiced, tax, credited, collected
    case collectedByGateway = "collected by the gateway"
    case outstanding
    case ledgerSum = "sum of all entries"
  }

  private static func raise(_ figure: Figure, in totals: inout FinanceTotals) {
    switch figure {
    case .invoiced: totals.invoicedMinor += 1
    case .tax: totals.taxMinor += 1
    case .credited: totals.creditedMinor += 1
    case .collected: totals.collectedMinor += 1
    case .collectedByGateway: totals.collectedByGatewayMinor += 1
    case .outstanding: totals.outstandingMinor += 1
    case .ledgerSum: totals.ledgerSumMinor += 1
    }
  }

  @Test(arguments: Figure.allCases)
  private func `A figure that differs is named`(_ figure: Figure) {
    var totals = Self.reported
    Self.raise(figure, in: &totals)
    let finding = AuditCheck.report([totals], Self.sums)
    #expect(finding.violations.total == 1)
    #expect(finding.violations.ids.first?.hasPrefix("CHF \(figure.rawValue): report ") == true)
  }

  @Test func `Revenue by product and tax by rate are compared`() {
    var totals = Self.reported
    totals.revenueMinor = ["other": 1500]
    totals.taxByRateMinor = [:]
    #expect(
      AuditCheck.report([totals], Self.sums).violations.ids
        == ["CHF revenue by product", "CHF tax by rate"])
  }

  @Test func `Nothing appears or vanishes`() {
    var tally = ConservationTally(currency: .chf)
    tally.openingMinor = 500
    tally.invoicedMinor = 1581
    tally.paidMinor = 1081
    tally.creditedMinor = 100
    tally.closingMinor = 900
    #expect(AuditCheck.conservation([tally]).verdict == .holds)
    tally.closingMinor = 901
    #expect(
      AuditCheck.conservation([tally]).violations.ids == ["CHF: should be 9.00, is 9.01"])
    tally.closingMinor = 900
    tally.broken.add("a")
    #expect(AuditCheck.conservation([tally]).violations.ids == ["a"])
  }

  @Test func `Of many offenders the first twenty are shown`() {
    let finding = AuditCheck.soundStore((1...50).map(String.init))
    #expect(finding.violations.ids.count == 20)
    #expect(finding.violations.total == 50)
  }
}
