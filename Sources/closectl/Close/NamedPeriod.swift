import Billing

/// The month a command is about: written out, or `last`, for timers and people who do not want to
/// look up the date.
enum NamedPeriod: Equatable, Sendable {
  case month(Period)
  case last

  init(_ text: String) throws {
    self = text == "last" ? .last : .month(try Period(text))
  }

  /// `last` goes by the calendar of UTC: which zones the accounts are in is known to the ledger
  /// only, and whether the month has ended for all of them is asked there.
  func period(at now: Instant) throws -> Period {
    switch self {
    case .month(let period): period
    case .last: try Period(now.description.prefix(7)).previous
    }
  }
}
