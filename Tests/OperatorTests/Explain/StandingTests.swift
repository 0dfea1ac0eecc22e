import Billing
import Ledger
import Testing

@testable import closectl

/// What is said of an account in three lines, at 2026-12-02T00:00:00Z.
@Suite struct StandingTests {
  private let issued: Instant
  private let now: Instant
  private let period: Period
  private let chf: Currency

  init() throws {
    issued = try Instant(rfc3339: "2026-12-01T02:00:00Z")
    now = try Instant(rfc3339: "2026-12-02T00:00:00Z")
    period = try Period("2026-11")
    chf = try Currency("CHF")
  }

  private func invoice(
    total: Int64 = 1081, open: Int64 = 0, period: Period? = nil
  ) -> InvoiceFacts {
    let period = period ?? self.period
    return InvoiceFacts(
      id: "\(period)/m-1", number: 1, account: "m-1", period: period, currency: chf,
      totalMinor: total, openMinor: open, status: open == 0 ? .paid : .open, issuedAt: issued)
  }

  private func story(
    _ invoices: [InvoiceFacts], credit: Int64 = 0, held: String? = nil, attempts: [Attempt] = [],
    steps: [ChainStep] = [], due: [DueWork] = [], announced: [DueWork] = []
  ) -> AccountHistory {
    let account = Account(
      id: "m-1", name: "Anna", email: "a@b.example", currency: chf, country: "CH",
      timeZone: "Europe/Zurich", collection: .auto, paymentMethod: "pm", holdAfterDays: 7)
    return AccountHistory(
      facts: AccountFacts(
        account: account, position: 1, balanceMinor: 0, creditMinor: credit, heldForInvoice: held),
      invoices: invoices, attempts: attempts, steps: steps, transactions: [], mails: [], due: due,
      announced: announced)
  }

  private func step(
    _ service: ServiceName, _ message: String, _ explanation: String = "",
    rule: String = "r", makes events: [(id: String, type: String)] = []
  ) -> ChainStep {
    ChainStep(
      at: issued, service: service, messageID: message,
      decision: DecisionRecord(rule: rule, finding: .same, explanation: explanation),
      events: events)
  }

  private func work(
    _ service: ServiceName, _ kind: EventType, _ at: String, _ reference: String = "2026-11/m-1:2"
  ) throws -> DueWork {
    DueWork(
      service: service, kind: kind, reference: reference, account: "m-1", invoice: "2026-11/m-1",
      dueAt: try Instant(rfc3339: at), causationID: nil)
  }

  private func standing(_ story: AccountHistory) -> Standing {
    Standing(story, period: period, at: now)
  }

  @Test func `What it owes`() throws {
    #expect(standing(story([])).stands == "has no invoice for 2026-11")
    #expect(
      standing(story([], credit: 500)).stands
        == "has no invoice for 2026-11; 5.00 CHF of credit is unused")
    #expect(
      standing(story([invoice()])).stands
        == "owes nothing; invoice 2026-11/m-1 for 10.81 CHF is paid")
    #expect(
      standing(story([invoice(total: -500)])).stands
        == "owes nothing; invoice 2026-11/m-1 for -5.00 CHF requires no payment")
    #expect(
      standing(story([invoice(open: 81)], held: "2026-11/m-1")).stands
        == "owes 0.81 CHF of invoice 2026-11/m-1 for 10.81 CHF; on hold for 2026-11/m-1")
    #expect(
      standing(story([invoice(open: 1081)])).stands
        == "owes 10.81 CHF, all of invoice 2026-11/m-1")
    let older = invoice(open: 1000, period: try Period("2026-10"))
    #expect(
      standing(story([older, invoice(open: 81)])).stands
        == "owes 10.81 CHF of 2 invoices, the oldest being 2026-10/m-1")
  }

  @Test func `What was done last`() {
    #expect(standing(story([])).last == "nothing has happened yet")
    let steps = [
      step(.charger, "m", "charged 10.81 CHF", makes: [("e", "charge.succeeded.v1")]),
      step(.reporter, "n", "noted"), step(.holder, "o", "no hold to lift"),
      step(.mailer, "p", "receipt mail sent", makes: [("f", "mail.sent.v1")]),
    ]
    #expect(
      standing(story([], steps: [steps[2]])).last
        == "2026-12-01T02:00:00Z holder: no hold to lift")
    #expect(
      standing(story([invoice()], steps: steps)).last
        == "2026-12-01T02:00:00Z charger: charged 10.81 CHF")
  }

  @Test func `What comes next`() throws {
    let open = invoice(open: 1081)
    #expect(
      standing(story([invoice()])).next
        == "nothing: every message is answered, and nothing is due")
    #expect(
      standing(story([open])).next
        == "nothing until the customer pays: nothing else is due")
    let later = [
      try work(.charger, .dueCharge, "2026-12-04T02:00:00Z"),
      try work(.holder, .dueGrace, "2026-12-08T02:00:00Z", "2026-11/m-1:g"),
    ]
    #expect(
      standing(story([open], due: later)).next
        == "2026-11/m-1 is charged again at 2026-12-04T02:00:00Z; unless 2026-11/m-1 is paid, "
        + "the account is put on hold at 2026-12-08T02:00:00Z")
    #expect(
      standing(story([invoice()], due: [later[1]])).next.hasPrefix("nothing: every message"))
    let overdue = try work(.charger, .dueCharge, "2026-12-01T23:00:00Z")
    #expect(
      standing(story([open], due: [overdue])).next
        == "2026-11/m-1 is charged again: due since 2026-12-01T23:00:00Z, not started by the "
        + "charger")
  }

  @Test func `A message without an answer is waited for`() throws {
    let issue = step(
      .invoicer, "close.range:2026-11:1", "issued",
      makes: [("invoice.issued:2026-11/m-1", "invoice.issued.v1")])
    func next(_ more: ChainStep...) -> String {
      standing(story([invoice(open: 1081)], steps: [issue] + more)).next
    }
    let mailer = step(.mailer, "invoice.issued:2026-11/m-1")
    let reporter = step(.reporter, "invoice.issued:2026-11/m-1")
    #expect(
      next(mailer, reporter)
        == "charger has not answered invoice.issued, since 2026-12-01T02:00:00Z")
    let settled = step(.charger, "invoice.issued:2026-11/m-1#settled-1", "settled")
    #expect(next(mailer, reporter, settled).hasPrefix("charger has not answered"))
    let parked = step(
      .charger, "invoice.issued:2026-11/m-1#parked", "parked", rule: "charge.gateway-rejected",
      makes: [("charge.parked:2026-11/m-1:1", "charge.parked.v1")])
    let noted = step(.reporter, "charge.parked:2026-11/m-1:1")
    #expect(
      next(mailer, reporter, parked, noted)
        == "waiting for a person (charge.gateway-rejected): import the account with the right "
        + "payment_method, or closectl parked retry 2026-11 --account m-1")
    let announced = try work(.charger, .dueCharge, "2026-12-01T23:00:00Z")
    #expect(
      standing(story([invoice(open: 1081)], announced: [announced])).next
        == "charger has not answered due.charge, since 2026-12-01T23:00:00Z")
  }
}
