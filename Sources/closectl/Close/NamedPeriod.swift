import Billing

/// The month a command is about: written out, or `last`, for timers and for people who do not want
/// to look up the date.
enum NamedPeriod: Equatable, Sendable {
  case month(Period)
  case last

  init(_ text: String) throws {
    self = text == "last" ? .last : .month(try Period(text))
  }

  /// `last` follows the UTC calendar. Only the ledger knows the accounts' time zones, so it is the
  /// ledger that decides whether the month has ended for all of them.
  func period(at now: Instant) throws -> Period {
    switch self {
    case .month(let period): period
    case .last: try Period(now.description.prefix(7)).previous
    }
  }
}
