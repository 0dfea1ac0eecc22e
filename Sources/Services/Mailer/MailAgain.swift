import Billing

/// The ids of messages by which an operator has a mail sent again:
/// `invoice.issued:2026-11/a~again-1`.
/// The mail stays the one that tells of the first event, under the same Message-ID.
public enum MailAgain {
  private static let mark = "~again-"

  public static func id(_ first: String, _ number: Int) -> String { "\(first)\(mark)\(number)" }

  /// The mark alone would be anybody's: only an operator's events name another one.
  static func first(_ event: Event) -> String {
    guard let first = event.refreshof, event.id.hasPrefix(first + mark) else { return event.id }
    return first
  }
}
