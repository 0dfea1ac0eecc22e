/// Why a card is declined, by Stripe's `decline_code`.
enum Decline: String, CaseIterable, Sendable {
  case genericDecline = "generic_decline"
  case insufficientFunds = "insufficient_funds"
  case lostCard = "lost_card"
  case stolenCard = "stolen_card"
  case pickupCard = "pickup_card"
  case expiredCard = "expired_card"
  case incorrectCvc = "incorrect_cvc"
  case processingError = "processing_error"
  case velocityExceeded = "card_velocity_exceeded"
  case authenticationRequired = "authentication_required"
  case doNotHonor = "do_not_honor"
  case invalidAccount = "invalid_account"
  case tryAgainLater = "try_again_later"
  case fraudulent

  /// Stripe's error `code`: most declines are `card_declined` and differ in `decline_code` only.
  var code: String {
    switch self {
    case .expiredCard, .incorrectCvc, .processingError, .authenticationRequired: rawValue
    default: "card_declined"
    }
  }

  var message: String {
    switch self {
    case .insufficientFunds: "Your card has insufficient funds."
    case .expiredCard: "Your card has expired."
    case .incorrectCvc: "Your card's security code is incorrect."
    case .processingError: "An error occurred while processing your card. Try again later."
    case .authenticationRequired:
      "Your card was declined. This transaction requires authentication."
    default: "Your card was declined."
    }
  }
}

/// The outcome of one attempt to charge a card.
enum CardOutcome: Sendable, Equatable {
  case succeeded
  case declined(Decline)
  /// The customer is present (`off_session` was not set) and has to authenticate.
  case requiresAction

  /// `succeeded` or a decline code, as the control endpoints spell it.
  init?(spelling: String) {
    if spelling == "succeeded" {
      self = .succeeded
    } else if let decline = Decline(rawValue: spelling) {
      self = .declined(decline)
    } else {
      return nil
    }
  }
}

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

  /// The outcome of a charge to this card. A card that requires authentication is declined if the
  /// customer is absent.
  func result(offSession: Bool) -> CardOutcome {
    guard let decline else { return .succeeded }
    return decline == .authenticationRequired && !offSession ? .requiresAction : .declined(decline)
  }
}
