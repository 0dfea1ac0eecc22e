import Billing

/// Every reason why a change may be refused, checked before any of it is written. One value per
/// change: it remembers what the change's own earlier writes will have created.
final class Checks {
  let book: Book

  var database: any SQLSession { book.database }
  var issued: Set<String> = []
  var references: Set<String> = []
  var attempts: Set<String> = []

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

  func known(_ account: String, _ invoice: String) throws -> StaleReason? {
    try book.account(account) == nil ? .unknownAccount(account) : unknown(invoice)
  }

  func unknown(_ invoice: String) throws -> StaleReason? {
    if issued.contains(invoice) { return nil }
    return try book.invoice(invoice) == nil ? .unknownInvoice(invoice) : nil
  }
}

/// The writes of one change, after its checks. What fails here undoes the whole batch.
struct Writing {
  let change: Change
  let book: Book
  var database: any SQLSession { book.database }

  init(_ change: Change, book: Book) {
    self.change = change
    self.book = book
  }

  func perform(_ write: Write) throws {
    switch write {
    case .issue(let draft): try issue(draft)
    case .post(let transaction): try post(transaction)
    case .attempt(let attempt): try begin(attempt)
    case .settle(let attempt): try settle(attempt)
    case .reopen(let attempt): try reopen(attempt)
    case .record(let record): try self.record(record)
    case .keysKept(let gateway): try noteKeys(keptBy: gateway)
    case .mail(let mail): try begin(mail)
    case .mailEnd(let mail): try end(mail)
    case .mailWaits(let key, let why): try noteWaiting(key, why)
    case .mailReopen(let mail): try reopen(mail)
    case .mailAgain(let key): try countAgain(key)
    case .placeHold(let account, let invoice): try placeHold(account, invoice)
    case .liftHold(let account, let invoice): try liftHold(account, invoice)
    case .schedule(let work): try schedule(work)
    case .cancelDue(let service, let kind, let invoice): try cancel(service, kind, invoice)
    case .progress(let account, let period, let reached, let end):
      try progress(account, period, reached, end)
    case .oweAgain(let account, let period): try oweAgain(account, period)
    case .rangeDone(let period, let number): try rangeDone(period, number)
    case .closeRun(let period, _): try closeRun(period)
    }
  }

  /// Reads what `perform` will read of this write beyond what its checks read.
  func ask(_ write: Write) throws {
    switch write {
    case .cancelDue(_, _, let invoice): _ = try book.invoice(invoice)
    case .progress(let id, let period, let reached, let end):
      guard let account = try book.account(id) else { return }
      if reached == .all && end == nil {
        _ = try database.integer(Self.invoiceOfMonth, [account.key, period.stored])
      }
      _ = try book.member(account, period)
      _ = try book.run(period)
    case .oweAgain(let id, let period):
      if let account = try book.account(id) { _ = try book.member(account, period) }
    default: break
    }
  }

  /// Checked before: if it is missing here, that is our error.
  func account(_ id: String) throws -> LedgerBalance {
    guard let account = try book.account(id) else {
      throw LedgerRefusal("account \(id) is unknown")
    }
    return account
  }

  func invoice(_ id: String, of account: LedgerBalance) throws -> OpenAmount {
    guard let invoice = try book.invoice(id), invoice.account == account.key else {
      throw LedgerRefusal("account \(account.id) has no invoice \(id)")
    }
    return invoice
  }
}
