import Testing

@testable import Ledger

@Suite struct PostgreSQLURLTests {
  @Test(arguments: [
    "postgres://u:hunter2@db.example/d", "postgresql://u:hunter2@10.0.0.5/d?sslmode=require",
    "postgres://u:hunter2@db.example/d?sslmode=verify-ca",
    "postgres://u:hunter2@127.0.0.1,db.example/d",
    "postgres://u:hunter2@localhost/d?hostaddr=10.0.0.5",
    "postgres://u:hunter2@127.1/d", "postgres://u:hunter2@127.0..0.1/d",
    "postgres://u:hunter2@127.0.0.+1/d", "postgres://u:hunter2@127.0.0.1.example.com/d",
    "postgres://u:hunter2@[::ffff:127.0.0.1]/d", "postgres://u:hunter2@localhost./d",
  ])
  func `Weaker than verify full is refused off this machine`(_ url: String) {
    let error = #expect(throws: StoreError.self) { try PostgreSQLURL(url) }
    let text = error.map { "\($0)" } ?? ""
    #expect(text.contains("sslmode=verify-full is required") && !text.contains("hunter2"))
  }

  @Test(arguments: [
    ("postgres://u:hunter2@db.example:6432/d?sslmode=verify-full", "u@db.example:6432/d"),
    ("postgres://u:hunter2@127.0.0.1/d", "u@127.0.0.1:5432/d"),
    ("postgresql://u@localhost/d", "u@localhost:5432/d"),
    ("postgres://u@[::1]:5433/d", "u@::1:5433/d"),
    ("postgres://u@%2Frun%2Fpostgresql/d", "u@/run/postgresql:5432/d"),
  ])
  func `Place is told without password`(_ url: String, _ place: String) throws {
    #expect(try PostgreSQLURL(url).place == place)
  }

  @Test func `Unreadable URL is told without its text`() {
    let error = #expect(throws: StoreError.self) {
      try PostgreSQLURL("postgres://u:hunter2@127.0.0.1/d?hunter2")
    }
    #expect(error.map { "\($0)" }?.contains("hunter2") == false)
  }
}
