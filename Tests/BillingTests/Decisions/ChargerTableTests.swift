import Billing
import Testing

@Suite struct ChargerTableTests {
  struct Case: Sendable {
    var rule: String
    var action: ChargeAction
    var attempt = 1
    var known = true
    var situation: Situations

    init(
      _ rule: String, _ action: ChargeAction, attempt: Int = 1, known: Bool = true,
      _ change: (inout Situations) -> Void = { _ in }
    ) {
      self.rule = rule
      self.action = action
      self.attempt = attempt
      self.known = known
      self.situation = Situations.with(change)
    }
  }

  static let full = ChargeAction.charge(amountMinor: 9012, leaving: 0)

  static let cases: [Case] = [
    Case("charge.unknown-account", .wait, known: false),
    Case("charge.contradiction", .park) { $0.told.account = "a-2" },
    Case("charge.contradiction", .park) { $0.told.currency = Situations.eur },
    Case("charge.contradiction", .park) { $0.told.invoice?.total = 9013 },
    Case("charge.contradiction", .park) { $0.told.invoice?.open = .min },
    Case("charge.contradiction", .park) { $0.told.invoice?.open = 9013 },
    Case("charge.contradiction", .park) { $0.told.invoice = nil },
    Case("charge.contradiction", .park) { $0.facts.invoice?.account = "a-2" },
    Case("charge.behind", .wait) { $0.told.position = 3 },
    Case("charge.behind", .wait) {
      $0.told.position = 3
      $0.facts.invoice = nil
    },
    Case("charge.no-such-invoice", .park) { $0.facts.invoice = nil },
    Case("charge.settle-first", .settle(Situations.attempt(.sent))) { $0.addAttempt(1, .sent) },
    Case("charge.settle-first", .settle(Situations.attempt(.unknown))) {
      $0.addAttempt(1, .unknown)
      $0.facts.invoice?.openMinor = 0
    },
    Case("charge.void", .nothing) { $0.facts.invoice?.status = .void },
    Case("charge.nothing-open", .nothing) { $0.facts.invoice?.openMinor = 0 },
    Case("charge.attempt-parked", .park) { $0.addAttempt(1, .parked) },
    Case("charge.hard-declined", .nothing, attempt: 2) { $0.addAttempt(1, .declinedHard) },
    Case("charge.charged-before", .nothing, attempt: 2) { $0.addAttempt(1, .succeeded) },
    Case("charge.attempt-made", .nothing) { $0.addAttempt(1, .declinedSoft) },
    Case("charge.attempt-made", .nothing, attempt: 2) {
      $0.addAttempt(1, .declinedSoft)
      $0.addAttempt(2, .declinedSoft)
    },
    Case("charge.account-closed", .nothing) { $0.facts.account.closed = true },
    Case("charge.manual", .nothing) {
      $0.facts.account.collection = .manual
      $0.tell()
    },
    Case("charge.now-manual", .nothing) { $0.facts.account.collection = .manual },
    Case("charge.now-manual", .nothing) { $0.facts.account.paymentMethod = nil },
    Case("charge.too-many-attempts", .park, attempt: 16) {
      for number in 1...15 { $0.addAttempt(number, .declinedSoft) }
    },
    Case("charge.partly-paid", .charge(amountMinor: 12, leaving: 0)) {
      $0.facts.invoice?.openMinor = 12
      $0.facts.position = 3
    },
    Case("charge.grown", .charge(amountMinor: 9012, leaving: 88)) {
      $0.facts.invoice?.openMinor = 9100
    },
    Case("charge.told-nothing", .park) { $0.told.invoice?.open = 0 },
    Case("charge.harmless", full) { $0.facts.position = 7 },
    Case("charge.same", full),
    Case("charge.same", full) { $0.addAttempt(1, .lost) },
    Case("charge.same", full, attempt: 2) { $0.addAttempt(1, .declinedSoft) },
  ]

  @Test(arguments: cases) func decidesByTheTable(_ test: Case) {
    let decided = DecisionTable.charger.decide(
      ChargeSituation(
        snapshot: test.situation.told, facts: test.known ? test.situation.facts : nil,
        attempt: test.attempt))
    #expect(decided.rule == test.rule)
    #expect(decided.action == test.action)
  }

  @Test func everyRowHasACase() {
    #expect(Set(DecisionTable.charger.rows.map(\.rule)) == Set(Self.cases.map(\.rule)))
  }
}

extension Situations {
  static func attempt(_ state: AttemptState) -> Attempt {
    with { $0.addAttempt(1, state) }.facts.attempts[0]
  }
}
