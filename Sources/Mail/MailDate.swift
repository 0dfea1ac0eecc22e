import Billing
import FoundationEssentials

/// Dates as mails show them.
enum MailDate {
  private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
  private static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
  ]

  /// RFC 5322: `Tue, 01 Dec 2026 02:00:00 +0000`.
  static func header(_ instant: Instant) -> String {
    let (year, month, day) = date(instant)
    let name = days[weekday(instant)]
    let time = instant.rfc3339.dropFirst(11).prefix(8)
    let two = day < 10 ? "0\(day)" : "\(day)"
    return "\(name), \(two) \(months[month - 1].prefix(3)) \(year) \(time) +0000"
  }

  /// The calendar day in a time zone: `5 December 2026`; in UTC for an unknown zone.
  static func text(_ instant: Instant, in timeZone: String) -> String {
    let seconds = instant.milliseconds / 1000
    let zone = TimeZone(identifier: timeZone)
    let offset = zone?.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds))) ?? 0
    let (year, month, day) = date(instant.adding(seconds: Int64(offset)))
    return "\(day) \(months[month - 1]) \(year)"
  }

  /// `14 November 2026`
  static func text(_ date: CivilDate) -> String {
    "\(date.day) \(months[date.month - 1]) \(date.year)"
  }

  /// `November 2026`
  static func text(_ period: Period) -> String { "\(months[period.month - 1]) \(period.year)" }

  /// From the text that `Instant` makes of itself, so that there is one calendar in the project.
  private static func date(_ instant: Instant) -> (year: Int, month: Int, day: Int) {
    let parts = instant.rfc3339.prefix(10).split(separator: "-").map { Int($0) ?? 1 }
    return (parts[0], parts[1], parts[2])
  }

  /// 1970-01-01 was a Thursday.
  private static func weekday(_ instant: Instant) -> Int {
    let day = (Double(instant.milliseconds) / 86_400_000).rounded(.down)
    return ((Int(day) % 7) + 7) % 7
  }
}
