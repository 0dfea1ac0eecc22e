/// When a card is retried after a soft decline.
///
/// `days` are strictly ascending and count from the first attempt: `3,5,7` means a second attempt
/// on the third day, a third on the fifth, a fourth on the seventh. After an outage that plan lies
/// in the past; then the gaps between the attempts are kept (3, 2 and 2 days), counted from the end
/// of the last attempt. So two attempts, and the mails about them, are never closer than the plan
/// says.
public struct RetrySchedule: Sendable, Equatable {
  public let days: [Int]

  public init(days: [Int]) {
    self.days = days
  }

  /// `made`: attempts that reached the gateway so far. `nil`: there is no further one.
  public func next(made: Int, first: Instant, last: Instant) -> Instant? {
    guard made >= 1, made <= days.count else { return nil }
    let day = days[made - 1]
    let gap = made == 1 ? day : day - days[made - 2]
    return max(first.adding(days: day), last.adding(days: gap))
  }
}
