import Billing
import Ledger
import Testing

@testable import closectl

@Suite struct StoryTests {
  private let at: Instant
  private let story: AccountHistory

  init() throws {
    let at = try Instant(rfc3339: "2026-12-01T02:00:00Z")
    self.at = at
    let chf = try Currency("CHF")
    let period = try Period("2026-11")
    let invoice = InvoiceFacts(
      id: "2026-11/m-1", number: 7, account: "m-1", period: period, currency: chf,
      totalMinor: 1081, openMinor: 81, status: .open, issuedAt: at)
    let facts = AccountFacts(
      account: Account(
        id: "m-1", name: "Anna Müller", email: "anna@b.example", currency: chf, country: "CH",
        timeZone: "Europe/Zurich", collection: .auto, paymentMethod: "pm_card_visa",
        holdAfterDays: 7),
      position: 2, balanceMinor: 81, creditMinor: 0, invoice: invoice)
    var believed = facts.snapshot(at: at)
    believed.position = 1
    believed.balance = 1081
    believed.invoice?.open = 1081
    func step(
      _ rule: String, _ finding: Finding, found: Snapshot, number: Int
    ) -> ChainStep {
      ChainStep(
        at: at, service: .charger, messageID: "invoice.issued:2026-11/m-1",
        decision: DecisionRecord(
          rule: rule, finding: finding, explanation: "charged 0.81 CHF", believed: believed,
          found: found),
        events: [("charge.succeeded:2026-11/m-1:\(number)", "charge.succeeded.v1")])
    }
    let noted = ChainStep(
      at: at, service: .reporter, messageID: "charge.succeeded:2026-11/m-1:1",
      decision: DecisionRecord(rule: "report.settled", finding: .same, explanation: ""), events: [])
    story = AccountHistory(
      facts: facts, invoices: [invoice], attempts: [],
      steps: [
        step("charge.partly-paid", .material, found: facts.snapshot(at: at), number: 1),
        step("charge.same", .same, found: believed, number: 2), noted,
      ],
      transactions: [], mails: [], due: [])
  }

  @Test func `The chain tells belief finding rule and deed in order`() throws {
    let lines = AccountHistoryText(story, period: nil, style: .plain, now: at).lines
    let start = try #require(lines.firstIndex(of: "What happened"))
    #expect(
      lines[(start + 1)...].prefix(13) == [
        "   1. 2026-12-01T02:00:00Z  charger  took invoice.issued:2026-11/m-1",
        "        believed  position 1, balance 10.81 CHF, open 10.81 CHF of 10.81 CHF (open)",
        "        found     position 2, balance 0.81 CHF, open 0.81 CHF of 10.81 CHF (open)",
        "        class     material, rule charge.partly-paid",
        "        done      charged 0.81 CHF",
        "        made      charge.succeeded.v1  charge.succeeded:2026-11/m-1:1",
        "   2. 2026-12-01T02:00:00Z  charger  took invoice.issued:2026-11/m-1",
        "        believed  position 1, balance 10.81 CHF, open 10.81 CHF of 10.81 CHF (open)",
        "        found     the same",
        "        class     same, rule charge.same",
        "        done      charged 0.81 CHF",
        "        made      charge.succeeded.v1  charge.succeeded:2026-11/m-1:2",
        "   3. 2026-12-01T02:00:00Z  reporter  report.settled  (charge.succeeded:2026-11/m-1:1)",
      ])
  }

  @Test func `Where it stands comes first in three lines`() {
    let lines = AccountHistoryText(story, period: nil, style: .plain, now: at).lines
    #expect(
      lines.prefix(5) == [
        "m-1 owes 0.81 CHF of invoice 2026-11/m-1 for 10.81 CHF",
        "last  2026-12-01T02:00:00Z charger: charged 0.81 CHF",
        "next  mailer has not answered charge.succeeded, since 2026-12-01T02:00:00Z; "
          + "holder has not answered charge.succeeded, since 2026-12-01T02:00:00Z; "
          + "mailer has not answered charge.succeeded, since 2026-12-01T02:00:00Z",
        "",
        "Account m-1",
      ])
  }

  @Test func `The tables of rules are shown when asked for`() {
    let lines = AccountHistoryText(story, period: nil, style: .plain, now: at).lines
    #expect(!lines.contains { $0.hasPrefix("Rules of") })
  }

  @Test func `The rules that decided are marked in their tables`() {
    let lines = AccountHistoryText(story, period: nil, style: .plain, now: at, withRules: true)
      .lines
    let marked = lines.filter { $0.hasPrefix("  ->  ") }.map { $0.split(separator: " ")[1] }
    #expect(marked == ["charge.partly-paid", "charge.same", "report.settled"])
    #expect(lines.contains("Rules of the charger"))
    #expect(!lines.contains("Rules of the mailer"))
  }

  @Test func `Nothing personal is told`() throws {
    let text = AccountHistoryText(story, period: nil, style: .plain, now: at).lines.joined()
    let document = json(AccountHistoryDocument(story, period: nil, takenAt: at))
    for secret in ["Anna", "anna@", "pm_card"] {
      #expect(!text.contains(secret))
      #expect(!document.contains(secret))
    }
  }

  @Test func `Amounts in JSON have their currency beside them`() throws {
    let document = try document(json(AccountHistoryDocument(story, period: nil, takenAt: at)))
    let invoice = try #require((document["invoices"] as? [[String: Any]])?.first)
    #expect(invoice["open"] as? Int == 81)
    #expect(invoice["currency"] as? String == "CHF")
    let tables = try #require(document["tables"] as? [[String: Any]])
    #expect(tables.map { $0["table"] as? String } == ["charger", "reporter"])
  }
}
