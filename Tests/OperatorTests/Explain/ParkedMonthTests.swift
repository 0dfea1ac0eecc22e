import Billing
import Ledger
import Testing

@testable import closectl

/// What is said of the months of an account that wait for a person.
@Suite struct ParkedMonthTests {
  private let issued: Instant
  private let chf: Currency

  init() throws {
    issued = try Instant(rfc3339: "2026-12-01T02:00:00Z")
    chf = try Currency("CHF")
  }

  private func invoice(_ period: String, of account: String = "m-1", open: Int64) throws
    -> InvoiceFacts
  {
    InvoiceFacts(
      id: "\(period)/\(account)", number: 1, account: account, period: try Period(period),
      currency: chf, totalMinor: 1081, openMinor: open, status: open == 0 ? .paid : .open,
      issuedAt: issued)
  }

  private func step(
    _ service: ServiceName, _ message: String, _ rule: String, makes ids: String...
  ) -> ChainStep {
    ChainStep(
      at: issued, service: service, messageID: message,
      decision: DecisionRecord(rule: rule, finding: .same, explanation: ""),
      events: ids.map { ($0, String($0.prefix { $0 != ":" }) + ".v1") })
  }

  private func said(
    _ invoices: [InvoiceFacts], _ steps: ChainStep..., account: String = "m-1"
  ) -> [String] {
    let facts = AccountFacts(
      account: Account(
        id: account, name: "Anna", email: "a@b.example", currency: chf, country: "CH",
        timeZone: "Europe/Zurich", collection: .auto, paymentMethod: "pm", holdAfterDays: 7),
      position: 1, balanceMinor: 0, creditMinor: 0)
    let story = AccountHistory(
      facts: facts, invoices: invoices, attempts: [], steps: steps, transactions: [], mails: [],
      due: [])
    // The events of these steps were never taken up, which is said as well.
    return Standing(story, period: nil, at: issued).next.split(separator: "; ").map(String.init)
      .filter { $0.contains("waiting for a person") }
  }

  private func chargeParked(_ period: String, of account: String = "m-1") -> ChainStep {
    step(
      .charger, "invoice.issued:\(period)/\(account)#parked", "charge.gateway-rejected",
      makes: "charge.parked:\(period)/\(account):1")
  }

  private func retry(_ period: String) -> String {
    "waiting for a person (charge.gateway-rejected): import the account with the right "
      + "payment_method, or closectl parked retry \(period) --account m-1"
  }

  @Test func `What was paid since waits for nobody`() throws {
    #expect(try said([invoice("2026-11", open: 81)], chargeParked("2026-11")) == [retry("2026-11")])
    #expect(try said([invoice("2026-11", open: 0)], chargeParked("2026-11")) == [])
  }

  @Test func `A month that could not be invoiced is said`() throws {
    let parked = step(
      .invoicer, "close.range:2026-11:1#account", "invoice.no-catalog",
      makes: "invoice.parked:2026-11/m-1")
    let list = "waiting for a person (invoice.no-catalog): closectl parked list 2026-11"
    #expect(said([], parked) == [list])
    // Not the month of the invoice there is.
    #expect(try said([invoice("2026-10", open: 81)], parked) == [list])
    let issue = step(
      .invoicer, "close.range:2026-11:1#account", "invoice.issue",
      makes: "invoice.issued:2026-11/m-1")
    #expect(try said([invoice("2026-11", open: 81)], parked, issue) == [])
  }

  @Test func `A later month does not hide an earlier one`() throws {
    let both = [try invoice("2026-10", open: 81), try invoice("2026-11", open: 0)]
    let charged = step(
      .charger, "invoice.issued:2026-11/m-1", "charge.same", makes: "charge.succeeded:2026-11/m-1:1"
    )
    let issue = step(
      .invoicer, "close.range:2026-11:1#account", "invoice.issue",
      makes: "invoice.issued:2026-11/m-1", "credit.applied:2026-10/m-1:2026-11/m-1")
    #expect(said(both, chargeParked("2026-10"), issue, charged) == [retry("2026-10")])
    let open = [try invoice("2026-10", open: 81), try invoice("2026-11", open: 81)]
    #expect(
      said(open, chargeParked("2026-10"), chargeParked("2026-11"))
        == [retry("2026-10"), retry("2026-11")])
  }

  @Test func `Who looks again ends the wait`() throws {
    let open = [try invoice("2026-11", open: 81)]
    for look in [
      step(.closectl, "parked.retry:2026-11/m-1@2026-12-02T00:00:00Z", "operator.parked-retry"),
      step(.charger, "due.charge:2026-11/m-1#parked@2026-12-02T00:00:00Z:2", "charge.same"),
    ] {
      #expect(said(open, chargeParked("2026-11"), look) == [])
      #expect(said(open, chargeParked("2026-11"), look, chargeParked("2026-11")).count == 1)
    }
    let mail = step(.mailer, "invoice.issued:2026-11/m-1", "mail.invoice")
    #expect(said(open, chargeParked("2026-11"), mail) == [retry("2026-11")])
  }

  @Test func `An account whose id begins like another is another`() throws {
    let open = [try invoice("2026-11", open: 81)]
    #expect(said(open, chargeParked("2026-11", of: "m-10")) == [])
    let other = step(.charger, "due.charge:2026-11/m-10:2", "charge.same")
    #expect(said(open, chargeParked("2026-11"), other) == [retry("2026-11")])
  }
}
