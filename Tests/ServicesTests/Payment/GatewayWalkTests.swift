import Billing
import Ledger
import Testing

@testable import Payments
@testable import Services

@Suite struct GatewayWalkTests {
  private static let known = RememberedCharge(isInvoiceKnown: true)

  private static func attempt(
    _ state: AttemptState, _ payment: String? = nil, counted: String? = nil
  ) -> RememberedCharge {
    RememberedCharge(
      isInvoiceKnown: true, attempt: state, attemptPayment: payment, countedFor: counted)
  }

  private static func byHand(
    _ state: GatewayCharge.State = .succeeded, refunded: Int64 = 0
  ) -> GatewayCharge {
    var charge = Evidence.charge(refunded: refunded, state: state)
    charge.attempt = nil
    return charge
  }

  /// In order of precedence.
  static let standings: [(String, GatewayCharge, RememberedCharge, ChargeStanding)] = [
    ("no invoice", Evidence.charge(invoice: nil), known, .foreign),
    ("a shop's order", Evidence.charge(invoice: "order-7"), .init(), .foreign),
    ("another's invoice", Evidence.charge(invoice: "2026-13/a"), .init(), .foreign),
    ("ours, counted", Evidence.charge(), settled, .settled),
    ("counted elsewhere", Evidence.charge(), attempt(.sent, counted: "2026-11/b"), .known),
    ("by hand, failed", byHand(.failed), known, .foreign),
    ("by hand, no such invoice", byHand(), .init(), .forgotten),
    ("by hand", byHand(), known, .stray),
    ("by hand, given back", byHand(refunded: 1081), known, .known),
    ("no such invoice", Evidence.charge(), .init(), .forgotten),
    ("no such attempt", Evidence.charge(), known, .forgotten),
    ("no such attempt, failed", Evidence.charge(state: .failed), known, .forgotten),
    ("no such attempt, pending", Evidence.charge(state: .pending), known, .forgotten),
    ("no such attempt, given back", Evidence.charge(refunded: 1081), known, .forgotten),
    ("just sent", Evidence.charge(), attempt(.sent), .known),
    ("unknown", Evidence.charge(), attempt(.unknown), .known),
    ("parked", Evidence.charge(), attempt(.parked), .known),
    ("paid after a decline", Evidence.charge(), attempt(.declinedSoft), .stray),
    ("paid after a decline for good", Evidence.charge(), attempt(.declinedHard), .stray),
    ("made after all", Evidence.charge(), attempt(.lost), .stray),
    ("a second payment", Evidence.charge(payment: "pi_2"), attempt(.succeeded, "pi_1"), .stray),
    ("declined", Evidence.charge(state: .failed), attempt(.declinedSoft), .settled),
    ("failed, then paid", Evidence.charge(state: .failed), attempt(.succeeded), .settled),
    ("lost, failed", Evidence.charge(state: .failed), attempt(.lost), .known),
  ]

  @Test(arguments: standings.indices)
  func `Every charge has one standing`(index: Int) {
    let (name, charge, remembered, standing) = Self.standings[index]
    #expect(ChargeStanding(charge, remembered) == standing, "\(name)")
  }

  private static let settled = attempt(.succeeded, "pi_1", counted: "2026-11/a")

  private func walk(_ pages: [RememberedCharge]...) -> (walk: GatewayWalk, read: Int) {
    var walk = GatewayWalk()
    for (read, page) in pages.enumerated() {
      if walk.take(page.map { _ in Evidence.charge() }, page) { return (walk, read + 1) }
    }
    return (walk, pages.count)
  }

  @Test func `One page is read when all is well`() {
    let (walk, read) = walk([Self.attempt(.sent), Self.settled, Self.settled], [Self.known])
    #expect(read == 1)
    #expect(walk.fault == nil)
  }

  @Test func `The walk goes on below what is forgotten`() {
    let (walk, read) = walk(
      [Self.settled, Self.known], [Self.known, Self.known], [Self.known, Self.settled],
      [Self.known])
    #expect(read == 3)
    #expect(walk.forgotten == 4)
  }

  @Test func `What is under way proves nothing`() {
    let (walk, read) = walk([Self.attempt(.sent)], [Self.attempt(.unknown)], [Self.known])
    #expect(read == 3)
    #expect(walk.forgotten == 1)
  }

  @Test func `The sentence says how many which and what to do`() {
    let (walk, _) = walk([Self.known, Self.settled, Self.known], [Self.settled])
    #expect(walk.fault?.reason == .ledgerForgot)
    #expect(
      walk.fault?.explanation
        == "the gateway holds 2 charges for our invoices that this ledger does not know, the "
        + "newest ch_1 for 2026-11/a: a restored or wrong ledger. Charging pauses until "
        + "`closectl reconcile 2026-11` has taken over what was charged")
  }

  @Test func `A period's charges are no older than its first day anywhere`() throws {
    let period = try Period("2026-11")
    let earliest = try period.interval(in: "Pacific/Kiritimati").lowerBound
    #expect(period.firstPossibleCharge <= earliest.adding(days: -1))
    #expect(period.firstPossibleCharge.rfc3339 == "2026-10-30T00:00:00Z")
  }
}
