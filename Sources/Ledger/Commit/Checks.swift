import Billing

/// Every reason why a change may be refused, checked before any of it is written. One value per
/// change: it remembers what the change's own earlier writes will have created.
final class Checks {
  private let book: Book
  private var database: any SQLSession { book.database }
  private var issued: Set<String> = []
  private var references: Set<String> = []
  private var attempts: Set<String> = []

  init(book: Book) {
    self.book = book
  }

  func refusal(of write: Write) throws -> StaleReason? {
    switch write {
    case .issue(let draft): try issuing(draft)
    case .post(let transaction): try posting(transaction)
    case .attempt(let attempt): try attempting(attempt)
    case .settle(let attempt): try settling(attempt)
    case .reopen(let attempt): try reopening(attempt)
    case .mail(let mail): try mailing(mail)
    case .mailEnd(let mail): try endingMail(mail)
    case .mailReopen(let mail): try reopeningMail(mail)
    case .placeHold(let account, let invoice):
      try hold(account, invoice) { $0 ? .holdExists(invoice) : nil }
    case .liftHold(let account, let invoice):
      try hold(account, invoice) { $0 ? nil : .noHold(invoice) }
    case .schedule(let work): try known(work.account, work.invoice)
    case .closeRun(let period, let expected): try closing(period, expected)
    case .oweAgain(let account, _):
      try book.account(account) == nil ? .unknownAccount(account) : nil
    case .cancelDue, .progress, .rangeDone, .mailAgain, .mailWaits, .record, .keysKept: nil
    }
  }

  private func issuing(_ draft: InvoiceDraft) throws -> StaleReason? {
    guard let account = try book.account(draft.account) else {
      return .unknownAccount(draft.account)
    }
    let existing = try database.text(
      "SELECT id FROM invoices WHERE account = ? AND period = ? AND status <> 'void'",
      [account.key, draft.period.stored])
    if let existing { return .invoiceExists(existing) }
    return issued.insert(draft.id).inserted ? nil : .invoiceExists(draft.id)
  }

  private func posting(_ transaction: Transaction) throws -> StaleReason? {
    guard let account = try book.account(transaction.account) else {
      return .unknownAccount(transaction.account)
    }
    for entry in transaction.entries {
      if let invoice = entry.invoice, let reason = try unknown(invoice) { return reason }
    }
    let kind = transaction.kind.rawValue
    let posted = try database.integer(
      "SELECT sequence FROM transactions WHERE account = ? AND kind = ? AND reference = ?",
      [account.key, kind, transaction.reference])
    if transaction.kind.reversal != nil,
      let owner = try ReferenceRows(database: database)
        .owner(transaction.reference, transaction.kind), owner.key != account.key
    {
      return .referenceOfAnother(transaction.reference, account: owner.id)
    }
    let isNew = references.insert("\(account.key) \(kind) \(transaction.reference)").inserted
    return posted == nil && isNew ? nil : .referencePosted(transaction.reference)
  }

  /// A new attempt only after the last one is known to have failed.
  private func attempting(_ attempt: Attempt) throws -> StaleReason? {
    if let reason = try known(attempt.account, attempt.invoice) { return reason }
    let isNew = attempts.insert("\(attempt.invoice) \(attempt.number)").inserted
    let existing =
      try book.invoice(attempt.invoice).flatMap { invoice in
        try database.integer(
          """
          SELECT number FROM attempts WHERE invoice = ?
            AND (number = ? OR state IN ('sent', 'unknown', 'succeeded'))
          """, [invoice.key, attempt.number])
      }
      ?? database.integer("SELECT number FROM attempts WHERE key = ?", [attempt.key])
    if let existing { return .attemptExists(invoice: attempt.invoice, number: Int(existing)) }
    return isNew ? nil : .attemptExists(invoice: attempt.invoice, number: attempt.number)
  }

  private func settling(_ attempt: Attempt) throws -> StaleReason? {
    if let reason = try known(attempt.account, attempt.invoice) { return reason }
    if attempts.contains("\(attempt.invoice) \(attempt.number)") { return nil }
    return try state(of: attempt).isUnsettled
      ? nil : .attemptSettled(invoice: attempt.invoice, number: attempt.number)
  }

  private func reopening(_ attempt: Attempt) throws -> StaleReason? {
    if let reason = try known(attempt.account, attempt.invoice) { return reason }
    return try state(of: attempt) == .parked
      ? nil : .attemptSettled(invoice: attempt.invoice, number: attempt.number)
  }

  private func state(of attempt: Attempt) throws -> AttemptState {
    let state = try book.invoice(attempt.invoice).flatMap { invoice in
      try database.first(
        "SELECT state FROM attempts WHERE invoice = ? AND number = ?",
        [invoice.key, attempt.number]
      ) { try $0.word(at: 0, AttemptState.self) }
    }
    guard let state else {
      throw LedgerRefusal("attempt \(attempt.number) on \(attempt.invoice) was never made")
    }
    return state
  }

  private func mailing(_ mail: MailRecord) throws -> StaleReason? {
    guard let account = try book.account(mail.account) else { return .unknownAccount(mail.account) }
    guard let known = try mailState(mail, account) else { return nil }
    return known.isToBeSentAgain ? nil : .mailExists(about: mail.about)
  }

  private func endingMail(_ mail: MailRecord) throws -> StaleReason? {
    guard let account = try book.account(mail.account) else { return .unknownAccount(mail.account) }
    guard let known = try mailState(mail, account) else {
      throw LedgerRefusal("a mail about \(mail.about) was never intended")
    }
    return known.state == .intended ? nil : .mailEnded(about: mail.about)
  }

  private func reopeningMail(_ mail: MailRecord) throws -> StaleReason? {
    guard let account = try book.account(mail.account) else { return .unknownAccount(mail.account) }
    return try mailState(mail, account)?.state == mail.state
      ? nil : .mailEnded(about: mail.about)
  }

  private func mailState(_ mail: MailRecord, _ account: LedgerBalance) throws -> MailRecord? {
    try database.first(
      """
      SELECT \(MailColumns.sql) FROM mails m
      WHERE m.about = ? AND m.account = ? AND m.kind = ?
      """, [mail.about, account.key, mail.kind.rawValue], of: MailColumns.self
    ) { try MailColumns.mail($0, account: mail.account) }
  }

  private func hold(
    _ account: String, _ invoice: String, _ judge: (Bool) -> StaleReason?
  ) throws -> StaleReason? {
    if let reason = try known(account, invoice) { return reason }
    let active = try database.integer(
      """
      SELECT h.key FROM holds h JOIN invoices i ON i.key = h.invoice
      WHERE i.id = ? AND h.account = i.account AND h.lifted_at IS NULL
      """, [invoice])
    return judge(active != nil)
  }

  private func closing(_ period: Period, _ expected: Int?) throws -> StaleReason? {
    guard let run = try book.run(period) else {
      throw LedgerRefusal("the close of \(period) was never started")
    }
    if run.finished != run.expected { return .accountsUnfinished(run.expected - run.finished) }
    let added = run.expected - (expected ?? run.expected)
    return added == 0 ? nil : .accountsAdded(added)
  }

  private func known(_ account: String, _ invoice: String) throws -> StaleReason? {
    try book.account(account) == nil ? .unknownAccount(account) : unknown(invoice)
  }

  private func unknown(_ invoice: String) throws -> StaleReason? {
    if issued.contains(invoice) { return nil }
    return try book.invoice(invoice) == nil ? .unknownInvoice(invoice) : nil
  }
}
