import Billing
import FoundationEssentials
import Testing

@testable import Ledger

/// What a decision's row leaves to the message it answers is shown all the same.
@Suite struct DecisionSnapshotTests {
  private struct Body: Encodable {
    struct Part: Encodable { var snapshot: Snapshot }
    var data: Part
  }

  /// `invoice.issued:2026-11/meter-1`, which carries that snapshot.
  private func event(carrying snapshot: Snapshot) throws -> OutgoingEvent {
    var event = sampleEvent("e")
    event.body = Array(try JSONEncoder().encode(Body(data: .init(snapshot: snapshot))))
    return event
  }

  private func said(_ store: LedgerStore) async throws -> Snapshot {
    _ = try await store.issue()
    let facts = try await store.facts(invoice: "2026-11/meter-1")
    return facts.snapshot(at: noon.adding(seconds: -60))
  }

  /// The decision as it is read again, and whether its row has texts of its own.
  private func kept(
    _ decision: DecisionRecord, of message: String = "e", by service: ServiceName = .charger,
    _ store: LedgerStore
  ) async throws -> (decision: DecisionRecord?, texts: [Bool]) {
    _ = try await store.commit(change(message, by: service, decision: decision))
    let story = try await store.story(of: "meter-1", period: nil)
    let row = try await store.read { database in
      try database.all(
        "SELECT \(Column.sql) FROM decisions WHERE message_id = ? AND service = ?",
        [message, service.rawValue], of: Column.self
      ) { [($0[.believed] as String?) != nil, ($0[.found] as String?) != nil] }
    }
    let step = story?.steps.last { $0.messageID == message && $0.service == service }
    return (step?.decision, row.first ?? [])
  }

  private enum Column: String, ColumnList { case believed, found }

  private func decision(_ believed: Snapshot?, _ found: Snapshot?) -> DecisionRecord {
    DecisionRecord(
      rule: "charge.same", finding: .same, explanation: "a test", believed: believed, found: found)
  }

  @Test(arguments: Implementation.all)
  func `What stands as the message says is not written twice`(_ store: Implementation) async throws
  {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      let believed = try await said(store)
      _ = try await store.commit(change("m", by: .invoicer, events: [event(carrying: believed)]))
      var found = believed
      found.takenAt = noon
      let decision = decision(believed, found)
      let (kept, texts) = try await kept(decision, store)
      #expect(kept == decision)
      #expect(texts == [false, false])
    }
  }

  @Test(arguments: Implementation.all)
  func `What was found otherwise is written`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      let believed = try await said(store)
      _ = try await store.commit(change("m", by: .invoicer, events: [event(carrying: believed)]))
      var found = believed
      found.takenAt = noon
      found.balance -= 1
      let paid = decision(believed, found)
      let first = try await kept(paid, store)
      #expect(first.decision == paid)
      #expect(first.texts == [false, true])
      let unknown = decision(believed, nil)
      let second = try await kept(unknown, by: .mailer, store)
      #expect(second.decision == unknown, "nothing was found")
      #expect(second.texts == [true, false])
    }
  }

  @Test(
    arguments: Implementation.all,
    [("e#parked", ServiceName.charger), ("dead.refresh:e", ServiceName.closectl)])
  func `An answer under another id keeps what it believed`(
    _ store: Implementation, _ answer: (id: String, service: ServiceName)
  ) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      let believed = try await said(store)
      let decision = decision(believed, believed)
      let (kept, texts) = try await kept(decision, of: answer.id, by: answer.service, store)
      #expect(kept == decision)
      #expect(texts == [true, true])
    }
  }

  @Test(arguments: Implementation.all)
  func `A message without a snapshot was answered from what was found`(
    _ store: Implementation
  ) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      let found = try await said(store)
      _ = try await store.commit(change("m", by: .invoicer, events: [sampleEvent("e")]))
      let ranged = decision(nil, found)
      let first = try await kept(ranged, store)
      #expect(first.decision == ranged)
      #expect(first.texts == [false, true])
      let neither = decision(nil, nil)
      #expect(try await kept(neither, by: .mailer, store).decision == neither)
    }
  }

  /// The event of a payment has the id under which the operator's decision is recorded.
  @Test(arguments: Implementation.all)
  func `An operator believed nothing, whatever the event says that was made`(
    _ store: Implementation
  ) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      let before = try await said(store)
      var after = before
      after.balance = 0
      let recorded = decision(nil, before)
      _ = try await store.commit(
        change("e", by: .closectl, decision: recorded, events: [event(carrying: after)]))
      let story = try await store.story(of: "meter-1", period: nil)
      #expect(story?.steps.last?.decision == recorded)
    }
  }

  @Test(arguments: Implementation.all)
  func `Of two events with one id the account's own counts`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount(), sampleAccount("meter-2"))
      let believed = try await said(store)
      var other = believed
      other.account = "meter-2"
      _ = try await store.commit(change("m", by: .invoicer, events: [event(carrying: other)]))
      _ = try await store.commit(change("n", by: .closectl, events: [event(carrying: believed)]))
      let charged = decision(believed, nil)
      let same = decision(believed, believed)
      #expect(try await kept(charged, by: .mailer, store).decision == charged)
      var found = same
      found.found?.takenAt = noon
      #expect(try await kept(found, store).decision == found)
    }
  }

  @Test(arguments: Implementation.all)
  func `A message that cannot be read is named`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      let believed = try await said(store)
      var event = sampleEvent("e")
      event.body = Array("{".utf8)
      _ = try await store.commit(change("m", by: .invoicer, events: [event]))
      let error = await #expect(throws: StoreError.self) {
        try await kept(decision(believed, believed), store)
      }
      #expect("\(error, default: "none")".contains("event e cannot be read"))
    }
  }

  /// As every row was written by version 0.1.
  @Test(arguments: Implementation.all)
  func `Rows that have both texts are read as they stand`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      let believed = try await said(store)
      let texts = StoredSnapshots(
        believed: SnapshotText.written(believed), found: SnapshotText.written(believed))
      let answer = AnswerKey(service: .charger, messageID: "e", account: 1)
      let read = try texts.read(of: answer, at: noon) {
        Issue.record("the message is not asked")
        return nil
      }
      #expect(read.believed == believed)
      #expect(read.found == believed)
    }
  }
}
