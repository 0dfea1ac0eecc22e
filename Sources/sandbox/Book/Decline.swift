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

/// What became of one try to charge a card.
enum CardOutcome: Sendable, Equatable {
  case succeeded
  case declined(Decline)
  /// The customer is there (`off_session` was not said) and has to authenticate.
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
