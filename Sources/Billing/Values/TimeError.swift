/// What can be wrong with a time, a period or a time zone.
public enum TimeError: Error, Equatable, Sendable {
  case unreadableInstant(String)
  case unreadablePeriod(String)
  case unknownTimeZone(String)
}

extension TimeError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unreadableInstant(let text):
      "'\(text.prefix(40))' is not a time; expected RFC 3339 with an offset such as "
        + "2026-11-01T00:15:00+01:00"
    case .unreadablePeriod(let text):
      "'\(text.prefix(40))' is not a period; expected YYYY-MM such as 2026-11"
    case .unknownTimeZone(let name):
      "unknown time zone '\(name.prefix(40))'; expected an IANA name such as Europe/Zurich"
    }
  }
}
