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

  func recognise(
    _ messages: [ReceivedMessage], by service: ServiceName
  ) async throws -> [Recognition] {
    let found = try await read { try await inner.recognise(messages, by: service) }
    return try await simulation.sabotage.applied(to: found, of: messages, by: service, inner)
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

  func released(_ invoices: [String]) async throws -> Set<String> {
    try await read { try await inner.released(invoices) }
  }

  func mails(_ keys: [MailKey]) async throws -> [MailKey: MailRecord] {
    try await read(about: keys.map(\.account)) { try await inner.mails(keys) }
  }

  func incoming(
    _ kind: Transaction.Kind, reference: String
  ) async throws -> [IncomingPosting] {
    try await read { try await inner.incoming(kind, reference: reference) }
  }

  func owner(of reference: String, _ kind: Transaction.Kind) async throws -> String? {
    try await read { try await inner.owner(of: reference, kind) }
  }

  func creditUses(of account: String) async throws -> [CreditUse] {
    try await read(about: [account]) { try await inner.creditUses(of: account) }
  }

  func posted(
    _ kind: Transaction.Kind, account: String, reference: String
  ) async throws -> Int64? {
    try await read(about: [account]) {
      try await inner.posted(kind, account: account, reference: reference)
    }
  }

  func remembered(_ names: [ChargeName]) async throws -> [RememberedCharge] {
    try await read { try await inner.remembered(names) }
  }

  func takenOver(of invoices: [String]) async throws -> [String: [FoundCharge]] {
    try await read { try await inner.takenOver(of: invoices) }
  }

  func counted(_ payments: [String]) async throws -> [String: String] {
    try await read { try await inner.counted(payments) }
  }

  func keepsKeys(_ gateway: String) async throws -> Bool {
    try await read { try await inner.keepsKeys(gateway) }
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

  func catalogs(pricing period: Period) async throws -> [String: Catalog] {
    try await read { try await inner.catalogs(pricing: period) }
  }

  func productInTheWay(
    of metric: String, in currency: String, of period: Period
  ) async throws -> String? {
    try await read { try await inner.productInTheWay(of: metric, in: currency, of: period) }
  }

  func lackingCatalog(_ period: Period) async throws -> [LackingCatalog] {
    try await read { try await inner.lackingCatalog(period) }
  }

  func unpublished(
    by service: ServiceName, before: Instant, after sequence: Int64, limit: Int
  ) async throws -> [StoredEvent] {
    try await read {
      try await inner.unpublished(by: service, before: before, after: sequence, limit: limit)
    }
  }

  func importAccounts(
    _ file: AccountRows, at: Instant,
    keeps: @escaping @Sendable ([RefusedRow]) -> Bool
  ) async throws -> ImportOutcome {
    try await write { try await inner.importAccounts(file, at: at, keeps: keeps) }
  }

  func importUsage(
    at: Instant, next: @escaping @Sendable () throws -> [UsageRow]?,
    keeps: @escaping @Sendable ([RefusedRow]) -> Bool
  ) async throws -> ImportOutcome {
    try await write { try await inner.importUsage(at: at, next: next, keeps: keeps) }
  }

  func importCatalog(
    _ catalog: Catalog, at: Instant, keeps: @escaping @Sendable ([RefusedRow]) -> Bool
  ) async throws -> ImportOutcome {
    try await write { try await inner.importCatalog(catalog, at: at, keeps: keeps) }
  }

  func takenDue(
    _ references: [String], of kind: EventType, by service: ServiceName
  ) async throws -> [String: DueWork] {
    try await read { try await inner.takenDue(references, of: kind, by: service) }
  }

  func startFacts(_ period: Period) async throws -> StartFacts {
    try await read { try await inner.startFacts(period) }
  }

  func lateAccounts(_ period: Period, limit: Int) async throws -> LateAccounts {
    try await read { try await inner.lateAccounts(period, limit: limit) }
  }

  func closeStanding(
    _ period: Period, of accounts: [String]
  ) async throws -> [String: CloseStanding] {
    try await read { try await inner.closeStanding(period, of: accounts) }
  }

  func usageOutside(_ asked: [DatedUsage]) async throws -> [UsageOutside] {
    try await read { try await inner.usageOutside(asked) }
  }

  func triggers(of period: Period) async throws -> [TriggerRecord] {
    try await read { try await inner.triggers(of: period) }
  }

  func unclosedUsage(before period: Period) async throws -> [UnclosedUsage] {
    try await read { try await inner.unclosedUsage(before: period) }
  }

  func unbilledUsage(
    before first: Period, after last: Period
  ) async throws -> [UnclosedUsage] {
    try await read { try await inner.unbilledUsage(before: first, after: last) }
  }

  func unpricedUsage(of period: Period) async throws -> UnpricedMetrics {
    try await read { try await inner.unpricedUsage(of: period) }
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

  func overdueWork(before time: Instant) async throws -> [ServiceName: Int] {
    try await read { try await inner.overdueWork(before: time) }
  }

  func mailList(_ question: MailQuestion) async throws -> [MailRecord] {
    try await read { try await inner.mailList(question) }
  }

  func mailCounts(_ period: Period) async throws -> [MailCount] {
    try await read { try await inner.mailCounts(period) }
  }

  func lastMailSent() async throws -> Instant? {
    try await read { try await inner.lastMailSent() }
  }

  func event(_ id: String) async throws -> StoredEvent? {
    try await read { try await inner.event(id) }
  }

  func parked(_ period: Period, limit: Int) async throws -> [ParkedAccount] {
    try await read { try await inner.parked(period, limit: limit) }
  }

  func story(of account: String, period: Period?) async throws -> AccountHistory? {
    try await read { try await inner.story(of: account, period: period) }
  }

  func listedInvoices(
    _ period: Period, status: InvoiceStatus?, after number: Int64, limit: Int
  ) async throws -> [ListedInvoice] {
    try await read {
      try await inner.listedInvoices(period, status: status, after: number, limit: limit)
    }
  }

  func postings(on invoice: String) async throws -> [InvoicePosting] {
    try await read { try await inner.postings(on: invoice) }
  }

  func dueTallies(_ period: Period, at now: Instant) async throws -> [DueTally] {
    try await read { try await inner.dueTallies(period, at: now) }
  }

  func accountIDs(after: String?, limit: Int) async throws -> [String] {
    try await read { try await inner.accountIDs(after: after, limit: limit) }
  }

  func problems() async throws -> [String] { try await read { try await inner.problems() } }

  /// The ledger outlives the processes; it is put away with the simulation.
  func close() async throws {}
}
