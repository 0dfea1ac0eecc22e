import Billing
import Testing

@testable import Ledger

/// PostgreSQL picks its plans by what it guesses of a table nobody has analyzed yet: a statement
/// that can be answered by reading the whole table sooner or later is.
@Suite(.withPostgreSQL) struct PostgreSQLPlanTests {
  private static let messages = (0..<4000).map { number in
    ReceivedMessage(
      id: "invoice.issued:2026-11/account-\(number)", sender: .invoicer,
      body: Array("\(number)".utf8))
  }

  @Test func `A batch is recognised by its keys`() async throws {
    try await withPostgreSQL { _, name in
      let url = try TestServer.url(name)
      let writer = try await PostgreSQLStore.open(url: url, migrate: false, connections: 1)
      try await writer.add(sampleAccount())
      try await Self.answerAll(in: writer)
      try await writer.close()
      try await Task.sleep(for: .seconds(1))
      let read = try await Self.decisionsRead(in: name)
      let service = try await openStore(url, migrate: false, connections: 1)
      let found = try await service.recognise(Array(Self.messages[..<64]), by: .charger)
      try await service.close()
      #expect(found.count == 64)
      // The session's figures are there once it has ended.
      var more = 0
      for _ in 1...100 where more < 64 {
        try await Task.sleep(for: .milliseconds(50))
        more = try await Self.decisionsRead(in: name) - read
      }
      #expect((64...256).contains(more), "\(more) decisions were read for 64 messages")
    }
  }

  private static func answerAll(in store: LedgerStore) async throws {
    for start in stride(from: 0, to: messages.count, by: 64) {
      let batch = messages[start..<min(start + 64, messages.count)]
      let changes = batch.flatMap { message in
        var event = sampleEvent(message.id)
        event.body = message.body
        return [
          change("of \(message.id)", by: .invoicer, events: [event]),
          change(message.id, by: .charger),
        ]
      }
      _ = try await store.commit(changes, published: [])
    }
  }

  private static func decisionsRead(in database: String) async throws -> Int {
    let read = try await TestServer.ask(
      """
      SELECT coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)
        + (SELECT coalesce(sum(idx_tup_read), 0) FROM pg_stat_user_indexes
          WHERE relname = 'decisions')
      FROM pg_stat_user_tables WHERE relname = 'decisions'
      """, in: database)
    return try #require(Int(read))
  }
}
