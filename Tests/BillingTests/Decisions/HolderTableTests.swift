import Billing
import Testing

@Suite struct HolderTableTests {
  struct Case: Sendable {
    var rule: String
    var action: HoldAction
    var days: Int
    var known: Bool
    var due: Bool
    var situation: Situations

    init(
      _ rule: String, _ action: HoldAction, afterDays days: Int = 14, known: Bool = true,
      due: Bool = true, _ change: (inout Situations) -> Void = { _ in }
    ) {
      self.rule = rule
      self.action = action
      self.days = days
      self.known = known
      self.due = due
      self.situation = Situations.with(change)
    }
  }

  static let cases: [Case] = [
    Case("hold.unknown-account", .wait, known: false),
    Case("hold.contradiction", .park) { $0.snapshot.account = "a-2" },
    Case("hold.behind", .wait) { $0.snapshot.position = 3 },
    Case("hold.no-such-invoice", .park) { $0.facts.invoice = nil },
    Case("hold.not-due", .refuse, due: false),
    Case("hold.not-due", .refuse, due: false) { $0.facts.invoice?.openMinor = 0 },
    Case("hold.debt-gone", .nothing) { $0.facts.invoice?.status = .paid },
    Case("hold.debt-gone", .nothing) { $0.facts.invoice?.status = .void },
    Case("hold.debt-gone", .nothing) { $0.facts.invoice?.openMinor = 0 },
    Case("hold.too-small", .nothing) { $0.facts.invoice?.openMinor = 49 },
    Case("hold.too-small", .nothing, afterDays: 1) { $0.facts.invoice?.openMinor = 49 },
    Case("hold.place", .place) {
      $0.facts.invoice?.openMinor = 49
      $0.facts.account.collection = .manual
    },
    Case("hold.place", .place) { $0.facts.invoice?.openMinor = 50 },
    Case("hold.already", .nothing) { $0.facts.heldForInvoice = "2026-11/a-1" },
    Case("hold.in-grace", .waitUntil(Situations.issued.adding(days: 14)), afterDays: 13),
    Case("hold.in-grace", .waitUntil(Situations.issued.adding(days: 14)), afterDays: 13) {
      $0.facts.heldForInvoice = "2026-10/a-1"
    },
    Case("hold.unsettled", .waitUntil(Situations.issued.adding(days: 15))) {
      $0.addAttempt(1, .unknown)
    },
    Case("hold.place", .place),
    Case("hold.place", .place, afterDays: 0) { $0.facts.account.holdAfterDays = 0 },
  ]

  @Test(arguments: cases) func `Decides by the table`(_ test: Case) {
    let decided = DecisionTable.holder.decide(
      HoldSituation(
        snapshot: test.situation.snapshot, facts: test.known ? test.situation.facts : nil,
        now: Situations.issued.adding(days: test.days), isDue: test.due))
    #expect(decided.rule == test.rule)
    #expect(decided.action == test.action)
  }

  @Test func `Every row has a case`() {
    #expect(Set(DecisionTable.holder.rows.map(\.rule)) == Set(Self.cases.map(\.rule)))
  }

  struct LiftCase: Sendable {
    var rule: String
    var action: LiftAction
    var held = true
    var overdue = 0
    var known = true
    var position: Int64 = 2
    var account = "a-1"
  }

  static let liftCases: [LiftCase] = [
    LiftCase(rule: "lift.unknown-account", action: .wait, known: false),
    LiftCase(rule: "lift.contradiction", action: .park, account: "a-2"),
    LiftCase(rule: "lift.behind", action: .wait, position: 5),
    LiftCase(rule: "lift.not-held", action: .nothing, held: false),
    LiftCase(rule: "lift.still-overdue", action: .keep, overdue: 1),
    LiftCase(rule: "lift.paid", action: .lift),
  ]

  @Test(arguments: liftCases) func `Lifts by the table`(_ test: LiftCase) {
    var situation = Situations()
    situation.facts.heldForInvoice = test.held ? "2026-11/a-1" : nil
    situation.takeSnapshot()
    situation.snapshot.position = test.position
    situation.snapshot.account = test.account
    let decided = DecisionTable.lifter.decide(
      LiftSituation(
        snapshot: situation.snapshot, facts: test.known ? situation.facts : nil,
        overdue: test.overdue))
    #expect(decided.rule == test.rule)
    #expect(decided.action == test.action)
  }

  @Test func `Every lift row has a case`() {
    #expect(Set(DecisionTable.lifter.rows.map(\.rule)) == Set(Self.liftCases.map(\.rule)))
  }
}
