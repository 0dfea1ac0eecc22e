import Billing

/// The changes of one write transaction, one after the other. Each is already answered, refused, or
/// written completely; later ones see what earlier ones wrote.
final class Batch {
  let database: any SQLSession
  let book: Book

  private let removed: Set<LedgerGuard>

  init(_ database: any SQLSession, without removed: Set<LedgerGuard> = []) {
    self.database = database
    self.removed = removed
    self.book = Book(database)
  }

  func commit(_ changes: [Change]) throws -> [CommitOutcome] {
    guard database.isSetBased else {
      try lock(changes)
      let outcomes = try changes.map(commit)
      try book.flush()
      return outcomes
    }
    try database.lockAccounts(changes.flatMap(\.accounts))
    try lockRuns(changes)
    var outcomes: [CommitOutcome] = []
    for wave in ChangeWaves(changes) {
      try database.readAhead(wave, ask)
      try lockCounters(wave)
      outcomes += try wave.map(commit)
    }
    try book.flush()
    return outcomes
  }

  private func lock(_ changes: [Change]) throws {
    if !database.dialect.locksRows { return }
    try database.lockAccounts(changes.flatMap(\.accounts))
    try lockRuns(changes)
    try lockCounters(changes)
  }

  /// Accounts may be added to a close at the moment it is ended: one waits for the other. This
  /// happens before anything is read ahead; ending a close takes no numbers, so there is no
  /// circular wait.
  private func lockRuns(_ changes: [Change]) throws {
    if !database.dialect.locksRows { return }
    for period in Set(changes.flatMap(\.endedRuns)).sorted() {
      _ = try RunRows(database).lockedRun(period)
    }
  }

  /// As late as possible, because every other batch that invoices or posts waits from here on.
  private func lockCounters(_ changes: [Change]) throws {
    if changes.contains(where: \.isNumbered) { try book.lockCounters() }
    try database.reserve(.outgoingEvents, changes.reduce(0) { $0 + $1.events.count })
    try database.reserve(.invoices, changes.reduce(0) { $0 + $1.issues })
  }

  private func commit(_ change: Change) throws -> CommitOutcome {
    database.nextChange()
    let account = try change.account.flatMap(book.account)
    if let id = change.account, account == nil { return .stale(.unknownAccount(id)) }
    let events = EventRows(database)
    let answer = AnswerKey(change, account: account?.key ?? AnswerKey.noAccount)
    if try !removed.contains(.oneAnswer) && answer.isRecorded(in: database) {
      return .alreadyDone(try events.unpublished(of: answer))
    }
    if let refusal = try refusal(of: change, account) { return .stale(refusal) }

    // Point of no return: from here on this change is written, or the whole batch is rolled back.
    let writing = Writing(change, book: book)
    for write in change.writes { try writing.perform(write) }
    book.settleInvoices()
    if let decision = change.decision {
      try answer.record(decision, change: change, in: database)
    }
    return .committed(try change.events.map { try events.record($0, of: answer, at: change.at) })
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

  /// Asks all that `commit` will ask of this change, question by question, and decides nothing.
  private func ask(_ change: Change) throws {
    let account = try change.account.flatMap(book.account)
    let answer = AnswerKey(change, account: account?.key ?? AnswerKey.noAccount)
    let events = EventRows(database)
    try attempt { _ = try answer.isRecorded(in: self.database) }
    for event in change.events { try attempt { _ = try events.find(event.id, change.service) } }
    let checks = Checks(book: book)
    let writing = Writing(change, book: book)
    for write in change.writes {
      try attempt { _ = try checks.refusal(of: write) }
      try attempt { try writing.ask(write) }
    }
  }

  /// A question without an answer yet does not keep the next one from being asked, and what is
  /// refused here is refused again by `commit`, which tells.
  private func attempt(_ question: () throws -> Void) throws {
    do { try question() } catch is NotReadYet {} catch is LedgerRefusal {}  // see above
  }
}
