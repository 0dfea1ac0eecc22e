/// Why an account's usage could not be rated.
public enum RatingError: Error, Equatable, Sendable {
  /// A catalog in another currency than the account's.
  case currency(account: Currency, catalog: Currency)
  /// Product and period whose amount cannot be kept exactly, and why.
  case arithmetic(product: String, period: Period, MoneyError)
  /// The sum of the lines or the tax does not fit.
  case totalOverflow
  /// A price needs single events and was not given all of them.
  case eventsMissing(product: String, period: Period, expected: Int, found: Int)
}

extension RatingError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .currency(let account, let catalog):
      "the account is in \(account), the catalog in \(catalog)"
    case .arithmetic(let product, let period, let error):
      "product \(product), period \(period): \(error)"
    case .totalOverflow:
      "the invoice total, or a sum within it, is above the limit of 15 digits in minor units"
    case .eventsMissing(let product, let period, let expected, let found):
      "product \(product), period \(period): its price needs \(expected) single events, "
        + "found \(found)"
    }
  }
}
