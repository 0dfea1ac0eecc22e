import Billing
import Ledger

/// Accounts that were parked because the close had no catalog in their currency, and that another
/// trigger adds again once there is one.
///
/// The trigger adds the catalog in one transaction and looks for accounts in the next. A range that
/// was processed without the catalog meanwhile does its own check once its accounts are committed.
/// So one of the two finds every account, whichever comes first and whichever is killed.
extension Invoicer {
  /// `range`: `nil` for all.
  func takeIn(
    _ period: Period, range number: Int?, for job: Job
  ) async throws -> TakenIn {
    let cause = job.event
    let now = session.clock.now()
    let request = RunRequest(
      period: period, messageID: cause.id, source: cause.source, rangeSize: rangeSize, at: now)
    let taken = try await session.store.takeIn(request, range: number) { run, again in
      try rangeEvent(
        again.number, of: run, id: "\(again.number):\(again.attempt)", causedBy: cause, at: now)
    }
    if taken.accounts > 0 { session.crashPoint(.closeOpened) }
    return taken
  }
}
