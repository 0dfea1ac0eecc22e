import Billing
import Ledger

extension LedgerStore {
  func add(_ accounts: Account...) async throws {
    let lines = accounts.enumerated().map { (account: $0.element, line: $0.offset + 2) }
    _ = try await importAccounts(lines, at: noon)
  }

  func commit(_ change: Change) async throws -> CommitOutcome {
    try await commit([change], published: [])[0]
  }

  func facts(_ account: String = "meter-1", invoice: String? = nil) async throws -> AccountFacts {
    let found = try await facts(for: [FactKey(account: account, invoice: invoice)])[0]
    guard let found else { throw StoreError.invalid("the test's account \(account) is missing") }
    return found
  }

  /// Without anybody who asks whether that month can be meant.
  func opened(
    _ request: RunRequest, announce: @escaping @Sendable (RunGrowth) throws -> [OutgoingEvent]
  ) async throws -> OpenedRun {
    try await openRun(
      request,
      decide: { facts in
        try StartSituation(
          request.period, at: request.period.next.interval(in: "UTC").upperBound,
          StartPermission(isLate: true), monthsBack: 2,
          StartFacts(
            isStarted: facts.isStarted, late: facts.late, hasCatalog: true, accounts: 1,
            hasUsage: true)
        ).decide()
      }, announce: announce)
  }

  func openRun(
    _ request: RunRequest, announce: @escaping @Sendable (RunGrowth) throws -> [OutgoingEvent]
  ) async throws -> (run: CloseRun, created: Bool, events: [StoredEvent]) {
    let opened = try await opened(request, announce: announce)
    guard let run = opened.run else { throw StoreError.invalid("\(opened.decision)") }
    return (run, opened.decision.action == .start, opened.events)
  }

  /// Issues and posts, as the invoicer does.
  func issue(
    _ account: String = "meter-1", period: Period = november, netMinor: Int64 = 1000
  ) async throws -> CommitOutcome {
    let draft = sampleDraft(account, period: period, netMinor: netMinor)
    return try await commit(issuing(draft))
  }

  func importRows(
    _ rows: [UsageRow], skipBad: Bool = false
  ) async throws -> ImportOutcome {
    let pending = Pending(rows)
    return try await importUsage(skipBad: skipBad, at: noon) { pending.next() }
  }
}

func issuing(_ draft: InvoiceDraft) throws -> Change {
  var writes: [Write] = [.issue(draft)]
  if let posting = try Transaction.issuing(draft) { writes.append(.post(posting)) }
  return Change(
    service: .invoicer, messageID: "close.range:\(draft.period)", account: draft.account,
    decision: sameDecision, writes: writes, at: noon)
}

func paying(
  _ amountMinor: Int64, account: String = "meter-1", invoice: String? = "2026-11/meter-1",
  reference: String = "bank-1"
) throws -> Transaction {
  let entry =
    invoice.map { Entry(.receivable, -amountMinor, invoice: $0) }
    ?? Entry(.customerCredit, -amountMinor)
  return try Transaction(
    kind: .payment, account: account, currency: chf, reference: reference,
    entries: [Entry(.cash, amountMinor), entry])
}

func change(
  _ messageID: String, by service: ServiceName = .charger, account: String? = "meter-1",
  position: Int64? = nil, decision: DecisionRecord? = sameDecision, _ writes: Write...,
  events: [OutgoingEvent] = [], at: Instant = noon
) -> Change {
  Change(
    service: service, messageID: messageID, account: account, expectedPosition: position,
    decision: decision, writes: writes, events: events, at: at)
}

/// Hands rows out in chunks of two, then `nil`.
private final class Pending: @unchecked Sendable {  // used by one import, on one thread at a time
  private var rows: [UsageRow]

  init(_ rows: [UsageRow]) { self.rows = rows }

  func next() -> [UsageRow]? {
    if rows.isEmpty { return nil }
    defer { rows.removeFirst(min(2, rows.count)) }
    return Array(rows.prefix(2))
  }
}
