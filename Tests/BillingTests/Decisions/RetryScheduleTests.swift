import Testing

@testable import Billing

@Suite struct RetryScheduleTests {
  /// `RETRY_DAYS` 3,5,7; days after the first attempt.
  static let cases: [(Int, Int, Int?)] = [
    // attempts made, the last one ended on day, the next one is on day
    (1, 0, 3), (2, 3, 5), (3, 5, 7), (4, 7, nil),
    // All services were away for eight days.
    (1, 8, 11), (2, 8, 10), (3, 10, 12), (4, 12, nil),
    // One attempt came late, the plan is still ahead or is kept up from there.
    (2, 4, 6), (3, 6, 8), (0, 0, nil),
  ]

  @Test(arguments: cases)
  func `Attempts keep the gaps of the plan`(made: Int, last: Int, next: Int?) {
    let first = Instant(milliseconds: 1_796_090_400_000)
    let schedule = RetrySchedule(days: [3, 5, 7])
    #expect(
      schedule.next(made: made, first: first, last: first.adding(days: last))
        == next.map { first.adding(days: $0) })
  }
}
