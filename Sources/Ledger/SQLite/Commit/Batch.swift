import Billing
import GRDB

/// The changes of one write transaction, one after the other. Each is answered already, refused, or
/// written whole; later ones see what earlier ones wrote.
final class Batch {
  let database: Database
  let book: Book

  private let removed: Set<LedgerGuard>

  init(_ database: Database, without removed: Set<LedgerGuard> = []) {
    self.database = database
    self.removed = removed
    self.book = Book(database)
  }

  func commit(_ change: Change) throws -> CommitOutcome {
    let account = try change.account.flatMap(book.account)
    if let id = change.account, account == nil { return .stale(.unknownAccount(id)) }
    let events = EventRows(database)
    let answer = Answer(change, account: account?.key ?? Answer.noAccount)
    if try !removed.contains(.oneAnswer) && answer.isRecorded(in: database) {
      return .alreadyDone(try events.unpublished(of: answer))
    }
    if let refusal = try refusal(of: change, account) { return .stale(refusal) }

    // Point of no return: from here on this change is written, or the whole batch is undone.
    let writing = Writing(change, book: book)
    for write in change.writes { try writing.perform(write) }
    book.settleInvoices()
    if let decision = change.decision {
      try answer.record(decision, change: change, in: database)
    }
    return .committed(try change.events.map { try events.record($0, of: answer, at: change.at) })
  }

  /// Writes what was kept in memory for the whole batch.
  func flush() throws {
    try book.flush()
  }

  private func refusal(of change: Change, _ account: LedgerBalance?) throws -> StaleReason? {
    if let account {
      if let expected = change.expectedPosition, expected != account.position {
        return .position(found: account.position)
      }
      if let expected = change.expectedUsageVersion, expected != account.usageVersion {
        return .usage
      }
    }
    let checks = Checks(book: book)
    for write in change.writes {
      if let reason = try checks.refusal(of: write) { return reason }
    }
    return nil
  }
}
