import Billing

/// The account most cases start from: 90.12 CHF open on one invoice, position 2, and its snapshot.
struct Situations {
  // Constants that are known to be good.
  // swift-format-ignore: NeverUseForceTry
  static let chf = try! Currency("CHF")
  // swift-format-ignore: NeverUseForceTry
  static let eur = try! Currency("EUR")
  // swift-format-ignore: NeverUseForceTry
  static let period = try! Period("2026-11")
  static let issued = Instant(milliseconds: 1_764_547_200_000)

  var facts = AccountFacts(
    account: Account(
      id: "a-1", name: "N", email: "n@customers.example", currency: chf, country: "CH",
      timeZone: "Europe/Zurich", collection: .auto, paymentMethod: "pm_card_visa",
      holdAfterDays: 14),
    position: 2, balanceMinor: 9012, creditMinor: 0,
    invoice: InvoiceFacts(
      id: "2026-11/a-1", number: 1, account: "a-1", period: period, currency: chf,
      totalMinor: 9012, openMinor: 9012, status: .open, issuedAt: issued))

  var snapshot: Snapshot
  /// At the gateway.
  var found: [FoundCharge] = []

  init() { snapshot = facts.snapshot(at: Self.issued) }

  /// What the sender knew is what `facts` say now; later changes are news.
  mutating func takeSnapshot() { snapshot = facts.snapshot(at: Self.issued) }

  static func charge(
    _ attempt: Int?, _ state: FoundCharge.State = .succeeded, currency: String = "CHF",
    refunded: Int64 = 0, isCounted: Bool = false
  ) -> FoundCharge {
    FoundCharge(
      id: "ch_\(attempt ?? 0)", payment: "pi_1", attempt: attempt, amountMinor: 9012,
      refundedMinor: refunded, currency: currency, state: state, madeAt: issued,
      isCounted: isCounted)
  }

  mutating func addAttempt(_ number: Int, _ state: AttemptState, card: String? = nil) {
    facts.attempts.append(
      Attempt(
        invoice: "2026-11/a-1", account: "a-1", number: number, key: "k\(number)",
        amountMinor: 9012, currency: Self.chf, state: state, paymentMethod: card,
        rule: "charge.same",
        createdAt: Self.issued))
  }

  /// An invoice over this amount, in the facts and in the snapshot.
  mutating func bill(_ amountMinor: Int64, _ code: String) {
    // A code that is known to be good.
    // swift-format-ignore: NeverUseForceTry
    let currency = try! Currency(code)
    facts.account.currency = currency
    facts.balanceMinor = amountMinor
    facts.invoice?.currency = currency
    facts.invoice?.totalMinor = amountMinor
    facts.invoice?.openMinor = amountMinor
    takeSnapshot()
  }

  static func with(_ change: (inout Situations) -> Void) -> Situations {
    var situations = Situations()
    change(&situations)
    return situations
  }
}
