import Billing

/// The ids of messages with which an operator has a mail sent again:
/// `invoice.issued:2026-11/a~again-1`. It remains the mail about the first event, under the same
/// Message-ID.
public enum MailAgain {
  private static let mark = "~again-"

  public static func id(_ first: String, _ number: Int) -> String { "\(first)\(mark)\(number)" }

  /// Anybody could use the mark; only an operator's events name another event.
  static func first(_ event: Event) -> String {
    guard let first = event.refreshof, event.id.hasPrefix(first + mark) else { return event.id }
    return first
  }
}
