import Billing
import Testing

@Suite struct ChargerTableTests {
  struct Case: Sendable {
    var rule: String
    var action: ChargeAction
    var attempt = 1
    var known = true
    var due = true
    var situation: Situations

    init(
      _ rule: String, _ action: ChargeAction, attempt: Int = 1, known: Bool = true,
      due: Bool = true, _ change: (inout Situations) -> Void = { _ in }
    ) {
      self.rule = rule
      self.action = action
      self.attempt = attempt
      self.known = known
      self.due = due
      self.situation = Situations.with(change)
    }
  }

  static let full = ChargeAction.charge(amountMinor: 9012, leaving: 0)

  static let cases: [Case] = [
    Case("charge.unknown-account", .wait, known: false),
    Case("charge.contradiction", .park) { $0.snapshot.account = "a-2" },
    Case("charge.contradiction", .park) { $0.snapshot.currency = Situations.eur },
    Case("charge.contradiction", .park) { $0.snapshot.invoice?.total = 9013 },
    Case("charge.contradiction", .park) { $0.snapshot.invoice?.open = .min },
    Case("charge.contradiction", .park) { $0.snapshot.invoice?.open = 9013 },
    Case("charge.contradiction", .park) { $0.snapshot.invoice = nil },
    Case("charge.contradiction", .park) { $0.facts.invoice?.account = "a-2" },
    Case("charge.behind", .wait) { $0.snapshot.position = 3 },
    Case("charge.behind", .wait) {
      $0.snapshot.position = 3
      $0.facts.invoice = nil
    },
    Case("charge.no-such-invoice", .park) { $0.facts.invoice = nil },
    Case("charge.not-due", .refuse, due: false),
    Case("charge.not-due", .refuse, attempt: 2, due: false) { $0.addAttempt(1, .declinedSoft) },
    Case("charge.not-due", .refuse, due: false) { $0.addAttempt(1, .unknown) },
    Case("charge.behind", .wait, due: false) { $0.snapshot.position = 3 },
    Case("charge.settle-first", .settle(Situations.attempt(.sent))) { $0.addAttempt(1, .sent) },
    Case("charge.settle-first", .settle(Situations.attempt(.unknown))) {
      $0.addAttempt(1, .unknown)
      $0.facts.invoice?.openMinor = 0
    },
    Case("charge.settle-first", .settle(Situations.attempt(.sent))) {
      $0.addAttempt(1, .sent)
      $0.found = [Situations.charge(1)]
    },
    Case("charge.found-at-gateway", .takeOver(Situations.charge(nil))) {
      $0.found = [Situations.charge(1, .failed), Situations.charge(nil)]
      $0.facts.invoice?.openMinor = 0
    },
    Case("charge.found-at-gateway", .takeOver(Situations.charge(3, .failed))) {
      $0.addAttempt(1, .declinedSoft)
      $0.found = [2, 3, 1].map { Situations.charge($0, .failed) }
    },
    Case("charge.found-unclear", .park) { $0.found = [Situations.charge(1, currency: "EUR")] },
    Case("charge.found-unclear", .park) { $0.found = [Situations.charge(1, refunded: 1)] },
    Case("charge.nothing-open", .nothing) {
      $0.facts.invoice?.openMinor = 0
      $0.found = [Situations.charge(1, refunded: 1)]
    },
    Case("charge.charged-before", .nothing, attempt: 2) {
      $0.addAttempt(1, .succeeded)
      $0.found = [Situations.charge(2)]
    },
    Case("charge.same", full) { $0.found = [Situations.charge(1, isCounted: true)] },
    Case("charge.void", .nothing) { $0.facts.invoice?.status = .void },
    Case("charge.nothing-open", .nothing) { $0.facts.invoice?.openMinor = 0 },
    Case("charge.attempt-parked", .park) { $0.addAttempt(1, .parked) },
    Case("charge.hard-declined", .nothing, attempt: 2) { $0.addAttempt(1, .declinedHard) },
    Case("charge.same", .charge(amountMinor: 9012, leaving: 0), attempt: 2) {
      $0.addAttempt(1, .declinedHard, card: "pm_old")
    },
    Case("charge.hard-declined", .nothing, attempt: 2) {
      $0.addAttempt(1, .declinedHard, card: $0.facts.account.paymentMethod)
    },
    Case("charge.charged-before", .nothing, attempt: 2) { $0.addAttempt(1, .succeeded) },
    Case("charge.attempt-made", .nothing) { $0.addAttempt(1, .declinedSoft) },
    Case("charge.attempt-made", .nothing, attempt: 2) {
      $0.addAttempt(1, .declinedSoft)
      $0.addAttempt(2, .declinedSoft)
    },
    Case("charge.manual", .nothing) {
      $0.facts.account.collection = .manual
      $0.takeSnapshot()
    },
    Case("charge.now-manual", .nothing) { $0.facts.account.collection = .manual },
    Case("charge.now-manual", .nothing) { $0.facts.account.paymentMethod = nil },
    Case("charge.too-many-attempts", .park, attempt: 16) {
      for number in 1...15 { $0.addAttempt(number, .declinedSoft) }
    },
    Case("charge.told-nothing", .park) { $0.snapshot.invoice?.open = 0 },
    Case("charge.not-chargeable", .nothing) { $0.bill(9012, "CLF") },
    Case("charge.below-minimum", .nothing) { $0.bill(49, "CHF") },
    Case("charge.below-minimum", .nothing) { $0.facts.invoice?.openMinor = 12 },
    Case("charge.below-minimum", .nothing) { $0.bill(4, "KWD") },
    Case("charge.below-minimum", .nothing) { $0.bill(99, "MGA") },
    Case("charge.above-maximum", .nothing) { $0.bill(100_000_000, "CHF") },
    Case("charge.above-maximum", .nothing) { $0.bill(1_000_000, "ISK") },
    Case("charge.rounded", .charge(amountMinor: 1230, leaving: 4)) { $0.bill(1234, "KWD") },
    Case("charge.rounded", .charge(amountMinor: 2_000_000, leaving: 50)) {
      $0.bill(2_000_050, "MGA")
    },
    Case("charge.rounded", .charge(amountMinor: 1230, leaving: 1234 + 4)) {
      $0.bill(1234, "KWD")
      $0.facts.invoice?.openMinor = 2468
    },
    Case("charge.same", .charge(amountMinor: 50, leaving: 0)) { $0.bill(50, "CHF") },
    Case("charge.same", .charge(amountMinor: 99_999_999, leaving: 0)) {
      $0.bill(99_999_999, "CHF")
    },
    Case("charge.same", .charge(amountMinor: 999_999, leaving: 0)) { $0.bill(999_999, "ISK") },
    Case("charge.same", .charge(amountMinor: 123_456, leaving: 0)) { $0.bill(123_456, "HUF") },
    Case("charge.partly-paid", .charge(amountMinor: 112, leaving: 0)) {
      $0.facts.invoice?.openMinor = 112
      $0.facts.position = 3
    },
    Case("charge.grown", .charge(amountMinor: 9012, leaving: 88)) {
      $0.facts.invoice?.openMinor = 9100
    },
    Case("charge.harmless", full) { $0.facts.position = 7 },
    Case("charge.same", full),
    Case("charge.same", full) { $0.addAttempt(1, .lost) },
    Case("charge.same", full, attempt: 2) { $0.addAttempt(1, .declinedSoft) },
  ]

  @Test(arguments: cases) func `Decides by the table`(_ test: Case) {
    let decided = DecisionTable.charger.decide(
      ChargeSituation(
        snapshot: test.situation.snapshot, facts: test.known ? test.situation.facts : nil,
        attempt: test.attempt, isDue: test.due, found: test.situation.found))
    #expect(decided.rule == test.rule)
    #expect(decided.action == test.action)
  }

  @Test func `Every row has a case`() {
    #expect(Set(DecisionTable.charger.rows.map(\.rule)) == Set(Self.cases.map(\.rule)))
  }
}

extension Situations {
  static func attempt(_ state: AttemptState) -> Attempt {
    with { $0.addAttempt(1, state) }.facts.attempts[0]
  }
}
