/// Stripe's test payment methods, as its testing page names them.
struct TestCard: Sendable {
  var brand: String
  var last4: String
  var decline: Decline?

  /// Declines are spelt with and without the brand on Stripe's page; both are accepted for all.
  static let byPaymentMethod: [String: TestCard] = {
    var cards: [String: TestCard] = [:]
    for (name, brand, last4) in good {
      cards["pm_card_\(name)"] = TestCard(brand: brand, last4: last4)
    }
    for (name, last4, decline) in declined {
      for prefix in ["pm_card_", "pm_card_visa_"] {
        cards[prefix + name] = TestCard(brand: "visa", last4: last4, decline: decline)
      }
    }
    return cards
  }()

  private static let good: [(name: String, brand: String, last4: String)] = [
    ("visa", "visa", "4242"),
    ("visa_debit", "visa", "5556"),
    ("mastercard", "mastercard", "4444"),
    ("mastercard_debit", "mastercard", "3222"),
    ("mastercard_prepaid", "mastercard", "5100"),
    ("amex", "amex", "8431"),
    ("discover", "discover", "1117"),
    ("diners", "diners", "0005"),
    ("jcb", "jcb", "0505"),
    ("unionpay", "unionpay", "0005"),
  ]

  private static let declined: [(name: String, last4: String, decline: Decline)] = [
    ("chargeDeclined", "0002", .genericDecline),
    ("chargeDeclinedInsufficientFunds", "9995", .insufficientFunds),
    ("chargeDeclinedLostCard", "9987", .lostCard),
    ("chargeDeclinedStolenCard", "9979", .stolenCard),
    ("chargeDeclinedExpiredCard", "0069", .expiredCard),
    ("chargeDeclinedIncorrectCvc", "0127", .incorrectCvc),
    ("chargeDeclinedProcessingError", "0119", .processingError),
    ("chargeDeclinedVelocityLimitExceeded", "6975", .velocityExceeded),
    ("chargeDeclinedFraudulent", "0019", .fraudulent),
    ("chargeCustomerFail", "0341", .genericDecline),
    ("authenticationRequired", "3184", .authenticationRequired),
  ]

  /// What a charge of this card gives. A card that wants authentication is declined when the
  /// customer is not there.
  func result(offSession: Bool) -> CardOutcome {
    guard let decline else { return .succeeded }
    return decline == .authenticationRequired && !offSession ? .requiresAction : .declined(decline)
  }
}
