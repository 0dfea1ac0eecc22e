import Billing
import FoundationEssentials

/// `Retry-After`: seconds, or a date, which counts from the answer's own `Date` where it has one.
enum RetryAfter {
  /// We never wait longer than this.
  static let longestSeconds = 3_600

  static func seconds(_ value: String?, date: String?) -> Int? {
    guard let value else { return nil }
    if let seconds = Int(value) { return bounded(seconds) }
    guard let until = instant(value) else { return nil }
    let now = Date().timeIntervalSince1970
    let base = date.flatMap(instant)?.milliseconds ?? Int64(now * 1000)
    return bounded(Int(clamping: (until.milliseconds - base + 999) / 1000))
  }

  private static func bounded(_ seconds: Int) -> Int { min(max(seconds, 0), longestSeconds) }

  /// `Sun, 06 Nov 1994 08:49:37 GMT`, the one form that is still sent.
  private static func instant(_ text: String) -> Instant? {
    let parts = text.split(separator: " ")
    guard parts.count == 6, parts[5] == "GMT", parts[1].count == 2,
      let month = months.firstIndex(of: String(parts[2]))
    else { return nil }
    let number = month < 9 ? "0\(month + 1)" : "\(month + 1)"
    // An invalid time counts as no request to wait.
    return try? Instant(rfc3339: "\(parts[3])-\(number)-\(parts[1])T\(parts[4])Z")
  }

  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]
}
