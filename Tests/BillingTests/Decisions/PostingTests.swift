import Billing
import Testing

@Suite struct PostingTests {
  static func draft(total: Int64, tax: Int64) -> InvoiceDraft {
    InvoiceDraft(
      account: "a-1", period: Situations.period, currency: Situations.chf, catalogVersion: 1,
      lines: [
        InvoiceLine(
          product: "server", text: "Server", quantity: nil, unit: nil, amountMinor: total - tax,
          taxName: "MWST", taxRate: "0.081")
      ],
      taxes: [
        TaxTotal(name: "MWST", rate: "0.081", taxableMinor: total - tax, amountMinor: tax)
      ],
      netMinor: total - tax, taxMinor: tax, totalMinor: total, billed: [])
  }

  @Test func `An unbalanced transaction cannot exist`() {
    #expect(throws: TransactionError.unbalanced("payment", "r", 1)) {
      try Transaction(
        kind: .payment, account: "a-1", currency: Situations.chf, reference: "r",
        entries: [Entry(.cash, 10), Entry(.receivable, -9)])
    }
  }

  @Test func `Sums that overflow cannot exist`() {
    #expect(throws: MoneyError.self) {
      try Transaction(
        kind: .payment, account: "a-1", currency: Situations.chf, reference: "r",
        entries: [Entry(.cash, .max), Entry(.cash, 1), Entry(.receivable, .min)])
    }
  }

  @Test func `An invoice is owed revenue and tax are earned`() throws {
    let posting = try #require(try Transaction.issuing(Self.draft(total: 1081, tax: 81)))
    #expect(
      Set(posting.entries) == [
        Entry(.revenue(product: "server"), -1000), Entry(.tax(name: "MWST", rate: "0.081"), -81),
        Entry(.receivable, 1081, invoice: "2026-11/a-1"),
      ])
  }

  @Test func `An invoice below zero becomes credit`() throws {
    let posting = try #require(try Transaction.issuing(Self.draft(total: -1081, tax: -81)))
    #expect(posting.entries.contains(Entry(.customerCredit, -1081)))
    #expect(!posting.entries.contains { $0.ledgerAccount == .receivable })
    let after = try Situations().facts.after(posting)
    #expect(after.creditMinor == 1081)
    #expect(after.balanceMinor == 9012 - 1081)
  }

  @Test func `An invoice of nothing posts nothing`() throws {
    var draft = Self.draft(total: 0, tax: 0)
    draft.lines = []
    draft.taxes = []
    #expect(try Transaction.issuing(draft) == nil)
  }

  @Test func `A charge of more than is open leaves credit`() throws {
    var situation = Situations()
    situation.addAttempt(1, .succeeded)
    let posting = try Transaction.charge(situation.facts.attempts[0], openMinor: 9000)
    #expect(
      Set(posting.entries) == [
        Entry(.gatewayClearing, 9012), Entry(.receivable, -9000, invoice: "2026-11/a-1"),
        Entry(.customerCredit, -12),
      ])
  }

  @Test func `A payment goes to the oldest invoices first`() throws {
    let invoice = try #require(Situations().facts.invoice)
    var younger = invoice
    younger.id = "2026-12/a-1"
    let posting = try Transaction.incoming(
      .payment, from: .cash, amountMinor: 10_000, reference: "r",
      account: Situations().facts.account, open: [invoice, younger])
    #expect(
      Set(posting.entries) == [
        Entry(.cash, 10_000), Entry(.receivable, -9012, invoice: "2026-11/a-1"),
        Entry(.receivable, -988, invoice: "2026-12/a-1"),
      ])
    let after = try Situations().facts.after(posting)
    #expect(after.invoice?.openMinor == 0)
    #expect(after.invoice?.status == .paid)
    #expect(after.position == 3)
  }
}
