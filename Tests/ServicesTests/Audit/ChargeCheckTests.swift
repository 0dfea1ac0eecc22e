import Billing
import Ledger
import Testing

@testable import Operations
@testable import Payments

@Suite struct ChargeCheckTests {
  typealias Case = CheckCase<ChargeEvidence>

  private static func both(
    _ attempts: [AuditedAttempt], _ charges: [GatewayCharge]
  ) -> ChargeEvidence {
    ChargeEvidence(attempts: attempts, charges: charges)
  }

  private static let good = both([Evidence.attempt()], [Evidence.charge()])
  private static let extra = Evidence.charge(id: "ch_2", payment: "pi_2")

  /// The first attempt's end by a clock that was ahead, the second's beginning by one that was not.
  @Test func `Attempts of clocks that differ are no breach`() {
    let evidence = ChargeEvidence(
      attempts: [Evidence.attempt(1, .declinedSoft, minutes: 20), Evidence.attempt(2)],
      charges: [Evidence.charge(2, payment: "pi_2")])
    #expect(AuditCheck.attempts(evidence).verdict == .holds)
  }

  @Test(arguments: [
    Case("one charge", good),
    Case("a second one", both([Evidence.attempt()], [Evidence.charge(), extra]), "ch_1, ch_2"),
    Case(
      "a second one that was given back",
      both(
        [Evidence.attempt()],
        [
          Evidence.charge(), Evidence.charge(id: "ch_2", payment: "pi_2", refunded: 1081),
        ])),
    Case(
      "a second one that failed",
      both([Evidence.attempt()], [Evidence.charge(), Evidence.charge(id: "ch_2", state: .failed)])),
  ])
  func `An invoice is charged once`(_ item: Case) {
    expect(AuditCheck.oneCharge(item.evidence), item)
  }

  @Test(arguments: [
    Case("the same on both sides", good),
    Case("posted and never taken", both([Evidence.attempt()], []), "pi_1: posted"),
    Case(
      "posted and failed", both([Evidence.attempt()], [Evidence.charge(state: .failed)]),
      "not at the gateway"),
    Case(
      "another amount", both([Evidence.attempt()], [Evidence.charge(amount: 1082)]),
      "posted 1081 CHF, taken 1082 CHF"),
    Case(
      "another currency", both([Evidence.attempt()], [Evidence.charge(currency: "EUR")]),
      "taken 1081 EUR"),
    Case(
      "another invoice", both([Evidence.attempt()], [Evidence.charge(invoice: "2026-11/b")]),
      "taken for 2026-11/b"),
    Case(
      "given back", both([Evidence.attempt()], [Evidence.charge(refunded: 5)]), "5 was refunded"),
    Case("taken and never posted", both([], [Evidence.charge()]), "it has no attempt"),
    Case(
      "taken while its attempt is parked",
      both([Evidence.attempt(1, .parked)], [Evidence.charge()]), "its attempt is parked"),
    Case(
      "taken, and nobody will ask", both([Evidence.attempt(1, .unknown)], [Evidence.charge()]),
      "its attempt is unknown"),
    Case(
      "taken, to be looked up tomorrow",
      both([Evidence.attempt(1, .unknown, hasDueWork: true)], [Evidence.charge()])),
    Case(
      "posted without an attempt",
      ChargeEvidence(
        attempts: [], charges: [], withoutAttempt: Violations(["transaction 7"])), "transaction 7"),
  ])
  func `When quiet both sides agree`(_ item: Case) {
    expect(AuditCheck.gatewayEqualsLedger(item.evidence, isQuiet: true), item)
  }

  @Test func `While services work a charge may be on its way`() {
    let sent = Self.both([Evidence.attempt(1, .sent)], [Evidence.charge()])
    #expect(AuditCheck.gatewayEqualsLedger(sent, isQuiet: false).verdict == .holds)
    #expect(AuditCheck.gatewayEqualsLedger(sent, isQuiet: true).verdict == .broken)
  }

  @Test(arguments: [
    Case("one that succeeded", good),
    Case(
      "one after a soft decline",
      both([Evidence.attempt(1, .declinedSoft), Evidence.attempt(2, minutes: 5)], [])),
    Case(
      "one after a lost one",
      both([Evidence.attempt(1, .lost), Evidence.attempt(2, minutes: 5)], [])),
    Case(
      "one after a hard decline",
      both([Evidence.attempt(1, .declinedHard), Evidence.attempt(2, minutes: 5)], []),
      "after one that is declinedHard"),
    Case(
      "one after an unknown one",
      both([Evidence.attempt(1, .unknown), Evidence.attempt(2, minutes: 5)], []),
      "after one that is unknown"),
    Case(
      "one made before the last was over",
      both([Evidence.attempt(1, .declinedSoft, minutes: 90), Evidence.attempt(2)], []),
      "attempt 2: made after one that is declinedSoft"),
    Case(
      "a charge of an attempt nobody stored",
      both([Evidence.attempt()], [Evidence.charge(), Evidence.charge(2, id: "ch_2")]),
      "ch_2: the ledger has no attempt 2 on 2026-11/a"),
    Case("the same key twice", sameKey, "its key is empty or belongs to another attempt"),
    Case("no key", noKey, "its key is empty"),
    Case("15 in a month", both(many(15), [])),
    Case("16 in a month", both(many(16), []), "attempt 16: more than 15"),
  ])
  func `Attempts keep the rules`(_ item: Case) {
    expect(AuditCheck.attempts(item.evidence), item)
  }

  private static var sameKey: ChargeEvidence {
    var other = Evidence.attempt(1, invoice: "2026-11/b")
    other.key = Evidence.attempt().key
    return both([Evidence.attempt(), other], [])
  }

  private static var noKey: ChargeEvidence {
    var attempt = Evidence.attempt()
    attempt.key = ""
    return both([attempt], [])
  }

  private static func many(_ count: Int) -> [AuditedAttempt] {
    (1...count).map { Evidence.attempt($0, .declinedSoft, minutes: Int64($0) * 60 * 24) }
  }

  @Test func `An unknown attempt needs somebody to look at it again`() {
    let left = Self.both([Evidence.attempt(1, .unknown)], [])
    let due = Self.both([Evidence.attempt(1, .unknown, hasDueWork: true)], [])
    #expect(AuditCheck.unknownSettled(left, isQuiet: true).verdict == .broken)
    #expect(AuditCheck.unknownSettled(left, isQuiet: false).verdict == .holds)
    #expect(AuditCheck.unknownSettled(due, isQuiet: true).verdict == .holds)
    #expect(AuditCheck.unknownSettled(Self.good, isQuiet: true).compared == 0)
  }
}
