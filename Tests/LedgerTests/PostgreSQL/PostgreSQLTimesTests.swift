import Foundation
import Glibc
import Testing

@testable import Ledger

/// A server that says nothing keeps nobody for ever.
@Suite(.withPostgreSQL, .timeLimit(.minutes(3))) struct PostgreSQLTimesTests {
  /// A row locked by another session, which is left open.
  private func lockRow(_ name: String) async throws -> PostgreSQLLane {
    let url = try PostgreSQLURL(try TestServer.url(name))
    let lane = PostgreSQLLane(url, PostgreSQLSignatures(), PostgreSQLTimes(), number: 9)
    try await blocking {
      let connection = try lane.connected()
      try connection.execute("BEGIN; SELECT 1 FROM accounts FOR UPDATE")
    }
    return lane
  }

  @Test func `Row that is kept locked is given up and named`() async throws {
    try await withPostgreSQL { direct, name in
      try await direct.add(sampleAccount())
      let store = try await PostgreSQLStore.open(
        url: try TestServer.url(name), migrate: false, connections: 1, lockTimeout: .seconds(1))
      let other = try await lockRow(name)
      let began = SteadyClock.seconds()
      let error = await #expect(throws: StoreError.self) { try await store.issue() }
      #expect((0.9..<40).contains(SteadyClock.seconds() - began))
      let said = error?.description ?? ""
      #expect(said.contains("timed out waiting for rows or tables locked by another program"))
      try await blocking { _ = try other.connected().execute("ROLLBACK") }
      #expect(try await store.issue() == .committed([]))
      try await store.close()
    }
  }

  @Test func `Table that is locked is in the way`() async throws {
    try await withPostgreSQL { store, name in
      #expect(await store.condition() == .usable)
      let other = try await lockRow(name)
      try await blocking {
        _ = try other.connected().execute("LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE")
      }
      guard case .blocked(let why) = await store.condition() else {
        Issue.record("a locked table went unnoticed")
        return
      }
      #expect(why.description.contains("tables locked by another program"))
      try await blocking { _ = try other.connected().execute("ROLLBACK") }
      #expect(await store.condition() == .usable)
    }
  }

  /// The server's process of a session is stopped, as a frozen machine would be.
  @Test(.enabled(if: geteuid() == 0, "another user's process has to be stopped"))
  func `Stopped server is given up`() async throws {
    try await withPostgreSQL(connections: 1) { store, _ in
      try await store.add(sampleAccount())
      let found = try await store.connections.read { try $0.integer("SELECT pg_backend_pid()") }
      let process = pid_t(try #require(found))
      kill(process, SIGSTOP)
      defer { kill(process, SIGCONT) }
      let began = SteadyClock.seconds()
      let reading = Task { try await store.facts() }
      // Long enough to be under way on a busy machine, too.
      try await Task.sleep(for: .seconds(1))
      reading.cancel()
      let error = await #expect(throws: StoreError.self) { try await reading.value }
      #expect((2..<60).contains(SteadyClock.seconds() - began))
      let said = error?.description ?? "nothing"
      // 2 s, and what a busy machine adds.
      #expect(said.contains("the server has said nothing for "), "\(said)")
      kill(process, SIGCONT)
      #expect(try await store.facts().position == 0)
    }
  }

  @Test func `Silence is longer than what the server allows itself`() {
    let times = PostgreSQLTimes(lockTimeout: .seconds(10))
    #expect(times.lockSeconds == 10 && times.statementSeconds == 40 && times.silence == 50)
    #expect(PostgreSQLTimes(lockTimeout: .milliseconds(5)).lockSeconds == 1)
  }
}
