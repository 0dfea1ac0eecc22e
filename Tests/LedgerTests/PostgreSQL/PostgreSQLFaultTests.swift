import Billing
import Foundation
import Synchronization
import Testing

@testable import Ledger

@Suite(.withPostgreSQL) struct PostgreSQLFaultTests {
  /// Through a line that can be cut. Nothing was asked on it before: statements go by their text.
  private func withLine(
    _ body: (LedgerStore, CuttingProxy, _ database: String) async throws -> Void
  ) async throws {
    try await withPostgreSQL { direct, name in
      try await direct.add(sampleAccount())
      let url = try TestServer.url(name)
      let port = try #require(url.firstMatch(of: /:([0-9]+)\//)?.output.1)
      let proxy = try CuttingProxy(to: try #require(UInt16(port)))
      let store = try await PostgreSQLStore.open(
        url: url.replacing(":\(port)/", with: ":\(proxy.port)/"), migrate: false, connections: 1)
      try await body(store, proxy, name)
      try await store.close()
      proxy.close()
    }
  }

  @Test func `Line cut after commit was sent is answered as committed`() async throws {
    try await withLine { store, proxy, _ in
      let invoice = try issuing(sampleDraft())
      proxy.cutAfter("COMMIT")
      #expect(try await store.commit(invoice) == .committed([]))
      #expect(proxy.cuts == 1)
      #expect(try await store.commit(invoice) == .alreadyDone([]))
      #expect(try await store.facts().position == 1)
    }
  }

  @Test func `Line cut before commit is run again once`() async throws {
    try await withLine { store, proxy, name in
      proxy.cutAfter("pg_current_xact_id")
      let outcome = try await store.commit(issuing(sampleDraft()))
      #expect(outcome == .committed([]))
      #expect(proxy.cuts == 1)
      let posted = try await TestServer.ask("SELECT count(*) FROM transactions", in: name)
      #expect(posted == "1")
    }
  }

  @Test func `Line cut after the last writes is run again once`() async throws {
    try await withLine { store, proxy, name in
      _ = try await store.commit(issuing(sampleDraft()))
      proxy.cutAfter("{\"id\":\"told-once\"}")
      let paid = change("m-1", .post(try paying(500)), events: [sampleEvent("told-once")])
      guard case .committed(let told) = try await store.commit(paid) else {
        Issue.record("not committed")
        return
      }
      #expect(told.count == 1)
      #expect(proxy.cuts == 1)
      let posted = try await TestServer.ask("SELECT count(*) FROM transactions", in: name)
      #expect(posted == "2")
    }
  }

  /// By its server, which says so before it hangs up.
  @Test func `Connection ended while idle is made again`() async throws {
    try await withPostgreSQL(connections: 1) { store, name in
      try await store.add(sampleAccount())
      let end = """
        SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()
        """
      #expect(try await store.facts("meter-1").position == 0)
      #expect(try await TestServer.ask(end, in: name) == "1")
      #expect(try await store.facts("meter-1").position == 0)
      #expect(try await TestServer.ask(end, in: name) == "1")
      #expect(try await store.commit(issuing(sampleDraft())) == .committed([]))
    }
  }

  @Test func `Connection killed in the middle is made again`() async throws {
    try await withPostgreSQL(connections: 1) { store, name in
      try await store.add(sampleAccount())
      let isKilled = Mutex(false)
      let found: Int64? = try await store.connections.write { session in
        try session.run("UPDATE accounts SET position = position + 1 WHERE id = ?", ["meter-1"])
        let wasKilled = isKilled.withLock { killed in
          defer { killed = true }
          return killed
        }
        if !wasKilled {
          let own = try session.integer("SELECT pg_backend_pid()") ?? 0
          let url = try PostgreSQLURL(try TestServer.url(name))
          _ = try PostgreSQLOpening.connect(url).text("SELECT pg_terminate_backend(\(own))")
        }
        return try session.integer("SELECT position FROM accounts WHERE id = ?", ["meter-1"])
      }
      #expect(found == 1)
      try await store.connections.write { try $0.run("UPDATE accounts SET position = 0", []) }
    }
  }

  @Test func `Deadlock is run again`() async throws {
    try await withPostgreSQL { store, _ in
      try await store.add(sampleAccount("a"), sampleAccount("b"))
      let meeting = Meeting()
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (first, second) in [("a", "b"), ("b", "a")] {
          group.addTask {
            try await store.connections.write { session in
              let sql = "UPDATE accounts SET usage_version = usage_version + 1 WHERE id = ?"
              _ = try session.runCounting(sql, [first])
              meeting.arrive()
              _ = try session.runCounting(sql, [second])
            }
          }
        }
        try await group.waitForAll()
      }
      // Whoever is run again may be back before the other one wakes, and meet it once more.
      #expect(meeting.arrivals >= 3, "one of the two was run again")
      #expect(try await store.facts("a").usageVersion == 2)
      #expect(try await store.facts("b").usageVersion == 2)
    }
  }

  @Test func `Eight writers keep numbers without gaps`() async throws {
    try await withPostgreSQL(connections: 8) { store, name in
      for number in 0..<64 { try await store.add(sampleAccount("m\(number)")) }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for writer in 0..<8 {
          group.addTask {
            for step in 0..<8 {
              // Neighbours meet in one account, the same message is worked by two.
              let changes = try [writer * 8 + step, (writer * 8 + step + 8) % 64].map {
                try issuing(sampleDraft("m\($0)"))
              }
              _ = try await store.commit(changes, published: [])
            }
          }
        }
        try await group.waitForAll()
      }
      let found = try await TestServer.ask(
        """
        SELECT count(*) || ' ' || min(number) || ' ' || max(number) || ' '
          || (SELECT count(*) || ' ' || max(sequence) FROM transactions) FROM invoices
        """, in: name)
      #expect(found == "64 1 64 64 64")
    }
  }

  @Test func `Entries that do not balance are refused by the database`() async throws {
    try await withPostgreSQL { store, _ in
      try await store.add(sampleAccount())
      _ = try await store.issue()
      for sql in [
        "INSERT INTO entries VALUES (9, 1, 'cash', 5, NULL); "
          + "INSERT INTO transactions SELECT 9, key, 2, 'payment', 'r', 'CHF', 'charger', 0 "
          + "FROM accounts",
        "INSERT INTO entries VALUES (9, 1, 'cash', 5, NULL)",
        "INSERT INTO entries VALUES (1, 9, 'cash', 0, NULL)",
        "UPDATE entries SET amount_minor = 0", "DELETE FROM transactions",
        "UPDATE invoices SET total_minor = 1", "DELETE FROM invoice_lines",
      ] {
        await #expect(throws: LedgerRefusal.self, "\(sql)") {
          try await store.connections.write { try $0.execute(sql: sql) }
        }
      }
    }
  }

  @Test(arguments: [
    ("53100", StoreError.full("p")), ("25006", .readOnly("p")),
    ("57P01", .unreachable("p: m (57P01)")), ("57P03", .unreachable("p: m (57P03)")),
    ("08006", .unreachable("p: m (08006)")), ("XX001", .damaged("p: m (XX001)")),
  ])
  func `Code is told as`(_ state: String, _ fault: StoreError) {
    let error = PostgreSQLError(state: state, message: "m", isLost: false)
    #expect(PostgreSQLFault.translated(error, place: "p") as? StoreError == fault)
  }
}

/// Two that wait for each other the first time they come, on threads of their own.
private final class Meeting: Sendable {
  private let both = DispatchSemaphore(value: 0)
  private let count = Mutex(0)

  var arrivals: Int { count.withLock { $0 } }

  func arrive() {
    let number = count.withLock { count in
      count += 1
      return count
    }
    if number == 2 { both.signal() }
    if number == 1 { both.wait() }
  }
}
