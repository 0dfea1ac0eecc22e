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
    let days = daysSinceEpoch(instant)
    let date = CivilDate(daysSinceEpoch: days)
    let time = instant.rfc3339.dropFirst(11).prefix(8)
    let two = date.day < 10 ? "0\(date.day)" : "\(date.day)"
    // 1970-01-01 was a Thursday.
    let name = self.days[((days % 7) + 7) % 7]
    return "\(name), \(two) \(months[date.month - 1].prefix(3)) \(date.year) \(time) +0000"
  }

  /// The calendar day in a time zone: `5 December 2026`; in UTC for an unknown zone.
  static func text(_ instant: Instant, in timeZone: String) -> String {
    let seconds = instant.milliseconds / 1000
    let zone = TimeZone(identifier: timeZone)
    let offset = zone?.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds))) ?? 0
    return text(CivilDate(daysSinceEpoch: daysSinceEpoch(instant.adding(seconds: Int64(offset)))))
  }

  /// `14 November 2026`
  static func text(_ date: CivilDate) -> String {
    "\(date.day) \(months[date.month - 1]) \(date.year)"
  }

  /// `November 2026`
  static func text(_ period: Period) -> String { "\(months[period.month - 1]) \(period.year)" }

  private static func daysSinceEpoch(_ instant: Instant) -> Int {
    Int((Double(instant.milliseconds) / 86_400_000).rounded(.down))
  }
}
