import Billing
import Testing

@Suite struct MailerTableTests {
  struct Case: Sendable {
    var rule: String
    var kind: MailKind
    var action: MailAction
    var known: Bool
    var released: Bool
    var idle: Bool
    var situation: Situations

    init(
      _ rule: String, _ kind: MailKind, _ action: MailAction, known: Bool = true,
      released: Bool = true, idle: Bool = false, _ change: (inout Situations) -> Void = { _ in }
    ) {
      self.rule = rule
      self.kind = kind
      self.action = action
      self.known = known
      self.released = released
      self.idle = idle
      self.situation = Situations.with(change)
    }
  }

  static let cases: [Case] = [
    Case("mail.unknown-account", .invoice, .wait, known: false),
    Case("mail.contradiction", .invoice, .park) { $0.snapshot.invoice?.total = 1 },
    Case("mail.behind", .invoice, .wait) { $0.snapshot.position = 9 },
    Case("mail.behind", .invoice, .wait) {
      $0.snapshot.position = 9
      $0.facts.invoice = nil
    },
    Case("mail.no-such-invoice", .invoice, .park) { $0.facts.invoice = nil },
    Case("mail.void", .invoice, .suppress) { $0.facts.invoice?.status = .void },
    Case("mail.no-such-charge", .receipt, .park),
    Case("mail.no-such-charge", .receipt, .park) { $0.addAttempt(1, .declinedSoft) },
    Case("mail.no-such-decline", .declined, .park),
    Case("mail.no-such-decline", .declined, .park) { $0.addAttempt(1, .succeeded) },
    Case("mail.no-such-decline", .declined, .park) { $0.addAttempt(2, .declinedSoft) },
    Case("mail.no-such-release", .released, .park, released: false),
    Case("mail.superseded", .declined, .suppress) {
      $0.addAttempt(1, .declinedSoft)
      $0.addAttempt(2, .sent)
    },
    Case("mail.paid-meanwhile", .declined, .suppress) {
      $0.addAttempt(1, .declinedHard)
      $0.facts.invoice?.openMinor = 0
    },
    Case("mail.paid-meanwhile", .held, .suppress) {
      $0.facts.invoice?.openMinor = 0
      $0.facts.heldForInvoice = "2026-11/a-1"
    },
    Case("mail.hold-gone", .held, .suppress),
    Case("mail.held-again", .released, .suppress) { $0.facts.heldForInvoice = "2026-11/a-1" },
    Case("mail.idle", .invoice, .suppress, idle: true),
    Case("mail.figures-moved", .invoice, .send) { $0.facts.invoice?.openMinor = 5 },
    Case("mail.harmless", .declined, .send) {
      $0.addAttempt(1, .declinedSoft)
      $0.facts.position = 8
    },
    Case("mail.same", .invoice, .send),
    Case("mail.same", .receipt, .send) { $0.addAttempt(1, .succeeded) },
    Case("mail.same", .held, .send) { $0.facts.heldForInvoice = "2026-11/a-1" },
    Case("mail.same", .released, .send),
  ]

  @Test(arguments: cases) func `Decides by the table`(_ test: Case) {
    let decided = DecisionTable.mailer.decide(
      MailSituation(
        kind: test.kind, snapshot: test.situation.snapshot,
        facts: test.known ? test.situation.facts : nil, attempt: 1,
        wasReleased: test.released, isIdle: test.idle))
    #expect(decided.rule == test.rule)
    #expect(decided.action == test.action)
  }

  @Test func `Every row has a case`() {
    #expect(Set(DecisionTable.mailer.rows.map(\.rule)) == Set(Self.cases.map(\.rule)))
  }
}
