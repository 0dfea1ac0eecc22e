import Billing

/// Explains an unreadable date: the form it has, and the form to use.
enum DateForm {
  private static let example = "2026-11-15"

  /// After the value in quotes.
  static func fault(_ text: String) -> String {
    if text.wholeMatch(of: /[0-9]{4}-[0-9]{2}-[0-9]{2}[ Tt].*/) != nil {
      return "is a time; write the day alone, like \(example)"
    }
    guard isDate(text), let year = Int(text.prefix(4)) else {
      return "is not a date (like \(example))"
    }
    let (first, last) = (Period.years.lowerBound, Period.years.upperBound)
    return Period.years.contains(year)
      ? "is not a calendar day" : "is not in the years \(first) to \(last)"
  }

  /// The column is written in this form; `false` for a fault of its own.
  static func isOfColumn(_ text: String) -> Bool { !isDate(text) }

  private static func isDate(_ text: String) -> Bool {
    text.wholeMatch(of: /[0-9]{4}-[0-9]{2}-[0-9]{2}/) != nil
  }
}
