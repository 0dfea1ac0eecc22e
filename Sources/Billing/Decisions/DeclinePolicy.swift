/// Hard or soft: the published table of decline codes after which a card is never charged again
/// (`hard`). Every other code, known or not, is soft: another attempt, with a new key, later.
///
/// Hard are the codes after which Stripe itself does not retry a payment (its list for automatic
/// retries: lost, stolen, pick up, wrong number, revoked, authentication required, highest risk,
/// not allowed), those that say the card or account is gone, and those that say not to try again.
public enum DeclinePolicy {
  public struct HardDecline: Sendable, Equatable {
    public var code: String
    public var reason: String

    fileprivate init(_ code: String, _ reason: String) {
      self.code = code
      self.reason = reason
    }
  }

  public static func isHard(_ code: String) -> Bool { hardCodes.contains(code) }

  public static let hard: [HardDecline] = [
    .init("lost_card", "the card was reported lost"),
    .init("stolen_card", "the card was reported stolen"),
    .init("pickup_card", "the bank wants the card back"),
    .init("restricted_card", "the card may not be used, possibly lost or stolen"),
    .init("fraudulent", "the gateway suspects fraud"),
    .init("merchant_blacklist", "on a block list"),
    .init("highest_risk_level", "blocked as highest risk"),
    .init("expired_card", "the card has expired"),
    .init("incorrect_number", "no such card"),
    .init("invalid_number", "no such card"),
    .init("invalid_account", "the account is closed or wrong"),
    .init("new_account_information_available", "the card was replaced"),
    .init("card_not_supported", "the card does not support this kind of purchase"),
    .init("currency_not_supported", "the card does not support this currency"),
    .init("transaction_not_allowed", "the bank never allows this"),
    .init("not_permitted", "the bank never allows this"),
    .init("do_not_try_again", "the bank asks not to try again"),
    .init("revocation_of_authorization", "the customer revoked this authorization"),
    .init("revocation_of_all_authorizations", "the customer revoked all authorizations"),
    .init("stop_payment_order", "the customer asked the bank to stop payment"),
    .init("security_violation", "the bank reports a security violation"),
    // The customer is not there to authenticate; trying again without them gives the same answer.
    .init("authentication_required", "needs the customer's authentication"),
    // Not a bank's code: a person cancelled the payment at the gateway on purpose.
    .init("canceled", "cancelled at the gateway"),
  ]

  private static let hardCodes = Set(hard.map(\.code))
}
