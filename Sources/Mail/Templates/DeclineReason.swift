/// What a customer is told of why a card was declined.
///
/// Only what they can act on. The holder of a stolen card may be reading this mail, so a code that
/// speaks of theft, fraud or a block list is not repeated: Stripe asks to present those as a plain
/// decline (its table of decline codes). A code that is not here is left out.
enum DeclineReason {
  static func text(_ code: String) -> String? { texts[code] }

  private static let texts = [
    "authentication_required": "it needs your confirmation",
    "card_not_supported": "the card does not support this purchase",
    "card_velocity_exceeded": "its limit is exceeded",
    "currency_not_supported": "the card does not support this currency",
    "expired_card": "expired card",
    "incorrect_address": "incorrect address",
    "incorrect_cvc": "incorrect security code",
    "incorrect_number": "incorrect number",
    "incorrect_zip": "incorrect postal code",
    "insufficient_funds": "insufficient funds",
    "invalid_cvc": "incorrect security code",
    "invalid_expiry_month": "incorrect expiry date",
    "invalid_expiry_year": "incorrect expiry date",
    "invalid_number": "incorrect number",
    "issuer_not_available": "your bank could not be reached",
    "processing_error": "an error at your bank",
    "withdrawal_count_limit_exceeded": "its limit is exceeded",
  ]
}
