import Billing
import Foundation
import Synchronization
import Testing

@testable import Ledger

@Suite(.withPostgreSQL) struct PostgreSQLServerTests {
  @Test func `Ten programs may migrate at once`() async throws {
    let name = "t_ten_\(UUID().uuidString.filter(\.isHexDigit).lowercased())"
    let url = try await TestServer.empty(name)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<10 {
        group.addTask {
          let store = try await openStore(url, migrate: true, connections: 1)
          try await store.close()
        }
      }
      try await group.waitForAll()
    }
    let versions = try await TestServer.ask(
      "SELECT count(*) || ' ' || max(version) FROM month_close_schema", in: name)
    #expect(versions == "1 \(Migration.newest)")
    try await TestServer.drop(name)
  }

  /// A migration that takes away shuts older programs out, as it does in SQLite.
  @Test func `What a migration says of older programs is kept`() async throws {
    try await withPostgreSQL { _, name in
      let url = try PostgreSQLURL(try TestServer.url(name))
      let connection = try PostgreSQLOpening.connect(url)
      let current = PostgreSQLSchema(connection, place: url.place)
      let newest = Migration.newest
      #expect(try current.found() == Schema.Found(version: newest, readableFrom: 6))

      let adding = Migration(number: newest + 1) { "ALTER TABLE accounts ADD a \($0.integer)" }
      let ahead = Migration.all + [adding]
      try PostgreSQLSchema(connection, place: url.place, migrations: ahead).prepare(migrate: true)
      #expect(try current.found() == Schema.Found(version: newest + 1, readableFrom: 6))
      try current.prepare(migrate: false)

      let contracting = Migration(number: newest + 2, readableFrom: newest + 1) { _ in
        "ALTER TABLE accounts DROP a"
      }
      try PostgreSQLSchema(connection, place: url.place, migrations: ahead + [contracting])
        .prepare(migrate: true)
      #expect(try current.found() == Schema.Found(version: newest + 2, readableFrom: newest + 1))
      for migrate in [false, true] {
        #expect(throws: StoreError.newerSchema(found: newest + 2, known: newest)) {
          try current.prepare(migrate: migrate)
        }
      }
      try PostgreSQLSchema(connection, place: url.place, migrations: ahead).prepare(migrate: false)
    }
  }

  @Test func `Empty and foreign databases are refused by name`() async throws {
    let name = "t_foreign_\(UUID().uuidString.filter(\.isHexDigit).lowercased())"
    let url = try await TestServer.empty(name)
    let place = try PostgreSQLURL(url).place
    await #expect(throws: StoreError.notInitialized(place)) {
      try await openStore(url, migrate: false)
    }
    _ = try await TestServer.ask("CREATE TABLE accounts (id text)", in: name)
    await #expect(throws: StoreError.invalid("\(place) is a database of another program")) {
      try await openStore(url, migrate: true)
    }
    try await TestServer.drop(name)
  }

  @Test func `Newer schema is refused`() async throws {
    try await withPostgreSQL { _, name in
      _ = try await TestServer.ask(
        "UPDATE month_close_schema SET version = 99, readable_from = 98", in: name)
      await #expect(throws: StoreError.newerSchema(found: 99, known: Migration.newest)) {
        try await openStore(try TestServer.url(name), migrate: false)
      }
    }
  }

  @Test func `Newer schema that only added is opened`() async throws {
    try await withPostgreSQL { _, name in
      _ = try await TestServer.ask("UPDATE month_close_schema SET version = 99", in: name)
      let store = try await openStore(try TestServer.url(name), migrate: false)
      try await store.close()
    }
  }

  @Test func `Synchronous commit is on whatever the role says`() async throws {
    try await withPostgreSQL { _, name in
      _ = try await TestServer.ask(
        "ALTER DATABASE \(name) SET synchronous_commit = off", in: name)
      let found = try await TestServer.ask("SHOW synchronous_commit", in: name)
      #expect(found == "on")
    }
  }

  @Test func `Read only database is refused`() async throws {
    try await withPostgreSQL { _, name in
      _ = try await TestServer.ask(
        "ALTER DATABASE \(name) SET default_transaction_read_only = on", in: name)
      await #expect(throws: StoreError.self) {
        try await openStore(try TestServer.url(name), migrate: false)
      }
    }
  }

  @Test func `Connections are bounded`() async throws {
    try await withPostgreSQL(connections: 3) { store, name in
      try await store.add(sampleAccount())
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<40 {
          group.addTask {
            _ = try await store.connections.read { try $0.integer("SELECT pg_sleep(0.01) IS NULL") }
          }
        }
        try await group.waitForAll()
      }
      let used = try await TestServer.ask(
        """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = '\(name)' AND pid <> pg_backend_pid()
        """, in: name)
      #expect(used == "3")
    }
  }

  @Test func `Wrong password is told without it`() async throws {
    let url = try #require(TestServer.url)
    let wrong = url.replacing(/:[^:@\/]+@/, with: ":hunter2@")
    let error = await #expect(throws: StoreError.self) {
      try await openStore(wrong, migrate: false)
    }
    #expect("\(try #require(error))".contains("password authentication failed"))
    #expect(!"\(try #require(error))".contains("hunter2"))
  }

  @Test func `Nobody listening is unreachable`() async throws {
    let error = await #expect(throws: StoreError.self) {
      try await openStore("postgres://u:hunter2@127.0.0.1:1/d", migrate: false)
    }
    guard case .unreachable(let why) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(why.contains("127.0.0.1") && !why.contains("hunter2"))
  }
}
