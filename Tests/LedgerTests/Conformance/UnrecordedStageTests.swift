import Billing
import Ledger
import Testing

/// The ledger asks in SQL which events prove a stage; the reporter decides by its table.
@Suite struct UnrecordedStageTests {
  /// Every type of event, those of mails once a kind.
  private static let messages: [(type: EventType, kind: MailKind?)] = EventType.allCases.flatMap {
    type in
    type.routingKey.hasPrefix("mail.") ? MailKind.allCases.map { (type, $0) } : [(type, nil)]
  }

  private static func stages(of action: ReportAction) -> Milestone {
    switch action {
    case .invoiced: .invoiced
    case .settled: .settled
    case .settledSilently: .settledSilently
    case .invoiceMailed: .invoiceMailed
    case .outcomeMailed: .outcomeMailed
    case .parked: .all
    case .noted: []
    }
  }

  /// `reached`: what the account has reached before.
  private func found(
    _ store: LedgerStore, reached: Milestone, end: AccountEnd?
  ) async throws -> Set<String> {
    try await store.add(sampleAccount())
    try await MonthByHand(store: store).open(november)
    let events = Self.messages.map { type, kind in
      var event = sampleEvent("\(type.routingKey):x" + (kind.map { ":\($0.rawValue)" } ?? ""))
      event.type = type.rawValue
      return event
    }
    _ = try await store.commit(
      change(
        "m", .progress(account: "meter-1", period: november, reached: reached, end: end),
        events: events))
    let found = try await store.unrecordedStages(
      november, before: noon.adding(seconds: 1), limit: 100)
    return Set(found.map(\.event.id))
  }

  private func proving(_ missing: Milestone) -> Set<String> {
    Set(
      Self.messages.compactMap { type, kind in
        let situation = ReportSituation(type: type, mail: kind)
        let stages = Self.stages(of: DecisionTable.reporter.decide(situation).action)
        guard !stages.isDisjoint(with: missing) else { return nil }
        return "\(type.routingKey):x" + (kind.map { ":\($0.rawValue)" } ?? "")
      })
  }

  @Test(
    arguments: Implementation.all,
    [Milestone.invoiced, .settled, .invoiceMailed, .outcomeMailed])
  func `Events that the reporter would record are found`(
    _ store: Implementation, missing: Milestone
  ) async throws {
    try await store.withStore { store in
      let all = try await found(store, reached: .all.subtracting(missing), end: .parked)
      #expect(all == proving(missing))
      #expect(!all.isEmpty)
    }
  }

  /// Its account may have been invoiced since.
  @Test(arguments: Implementation.all)
  func `An invoice that was parked counts only while its account is`(
    _ store: Implementation
  ) async throws {
    try await store.withStore { store in
      let all = try await found(store, reached: [.invoiced], end: nil)
      #expect(!all.contains("invoice.parked:x"))
      #expect(all.contains("charge.succeeded:x"))
    }
  }
}
