import Billing
import Ledger

/// Reads go to the ledger as they are; only the way there and back is simulated.
extension StorePort {
  func facts(for keys: [FactKey]) async throws -> [AccountFacts?] {
    try await read(about: keys.map(\.account)) { try await inner.facts(for: keys) }
  }

  func openInvoices(of account: String) async throws -> [InvoiceFacts] {
    try await read(about: [account]) { try await inner.openInvoices(of: account) }
  }

  func answered(
    _ messageIDs: [String], by service: ServiceName
  ) async throws -> [String: [StoredEvent]] {
    if simulation.options.removed == .oneAnswer { return [:] }
    return try await read { try await inner.answered(messageIDs, by: service) }
  }

  func invoices(_ ids: [String]) async throws -> [String: IssuedInvoice] {
    try await read { try await inner.invoices(ids) }
  }

  func mails(_ keys: [MailKey]) async throws -> [MailKey: MailRecord] {
    try await read(about: keys.map(\.account)) { try await inner.mails(keys) }
  }

  func posted(
    _ kind: Transaction.Kind, account: String, reference: String
  ) async throws -> Int64? {
    try await read(about: [account]) {
      try await inner.posted(kind, account: account, reference: reference)
    }
  }

  func uninvoiced(period: Period, range: Int) async throws -> [String] {
    try await read { try await inner.uninvoiced(period: period, range: range) }
  }

  func invoicingFacts(
    _ accounts: [String], period: Period, eventMetrics: Set<String>
  ) async throws -> [InvoicingFacts] {
    try await read(about: accounts) {
      try await inner.invoicingFacts(accounts, period: period, eventMetrics: eventMetrics)
    }
  }

  func catalogs(for period: Period) async throws -> [String: Catalog] {
    try await read { try await inner.catalogs(for: period) }
  }

  func currentCatalogs() async throws -> [String: Catalog] {
    try await read { try await inner.currentCatalogs() }
  }

  func unpublished(
    by service: ServiceName, before: Instant, limit: Int
  ) async throws -> [StoredEvent] {
    try await read { try await inner.unpublished(by: service, before: before, limit: limit) }
  }

  func importAccounts(
    _ accounts: [(account: Account, line: Int)], at: Instant
  ) async throws -> (count: ImportCount, refused: [RefusedRow]) {
    try await write { try await inner.importAccounts(accounts, at: at) }
  }

  func importUsage(
    skipBad: Bool, at: Instant, next: @escaping @Sendable () throws -> [UsageRow]?
  ) async throws -> (count: ImportCount, refused: [RefusedRow]) {
    try await write { try await inner.importUsage(skipBad: skipBad, at: at, next: next) }
  }

  func importCatalog(_ catalog: Catalog, at: Instant) async throws -> ImportCount {
    try await write { try await inner.importCatalog(catalog, at: at) }
  }

  func run(_ period: Period) async throws -> CloseRun? {
    try await read { try await inner.run(period) }
  }

  func runs() async throws -> [CloseRun] { try await read { try await inner.runs() } }

  func progress(_ period: Period) async throws -> Progress? {
    try await read { try await inner.progress(period) }
  }

  func isFinished(_ period: Period) async throws -> Bool {
    try await read { try await inner.isFinished(period) }
  }

  func totals(_ period: Period) async throws -> [FinanceTotals] {
    try await read { try await inner.totals(period) }
  }

  func mailsResent(_ period: Period) async throws -> Int {
    try await read { try await inner.mailsResent(period) }
  }

  func story(of account: String, period: Period?) async throws -> AccountStory? {
    try await read { try await inner.story(of: account, period: period) }
  }

  func accountIDs(after: String?, limit: Int) async throws -> [String] {
    try await read { try await inner.accountIDs(after: after, limit: limit) }
  }

  func problems() async throws -> [String] { try await read { try await inner.problems() } }

  /// The ledger outlives the processes; it is put away with the simulation.
  func close() async throws {}
}
