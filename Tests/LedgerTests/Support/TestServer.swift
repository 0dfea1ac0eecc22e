import Foundation
import Synchronization
import Testing

@testable import Ledger

/// The PostgreSQL server the tests are given, and a database of it for each test, copied from one
/// that is migrated once.
enum TestServer {
  /// `MONTHCLOSE_TEST_POSTGRES_URL`: of a role that may create databases.
  static let url = ProcessInfo.processInfo.environment["MONTHCLOSE_TEST_POSTGRES_URL"]

  static func url(_ database: String) throws -> String {
    let url = try #require(url)
    guard let slash = url.lastIndex(of: "/") else { return url }
    return "\(url[..<slash])/\(database)"
  }

  static func name(of folder: URL) -> String {
    "t_" + folder.lastPathComponent.filter { $0.isHexDigit || $0.isNumber }.lowercased()
  }

  /// The URL of the database, which is made if it is not there.
  static func database(_ name: String) async throws -> String {
    let template = try await template.value
    let isNew = made.withLock { $0.insert(name).inserted }
    if isNew { try await administer("CREATE DATABASE \(name) TEMPLATE \(template)") }
    return try url(name)
  }

  static func empty(_ name: String) async throws -> String {
    try await administer("CREATE DATABASE \(name)")
    return try url(name)
  }

  /// `FORCE` ends connections, but no worker of the server's own vacuum, and is refused while one
  /// is at work there.
  static func drop(_ name: String) async throws {
    for remaining in (0..<100).reversed() {
      do {
        return try await administer("DROP DATABASE IF EXISTS \(name) WITH (FORCE)")
      } catch let error as PostgreSQLError where error.state == "42501" && remaining > 0 {
        try await Task.sleep(for: .milliseconds(100))
      }
    }
  }

  static func administer(_ sql: String) async throws {
    let url = try PostgreSQLURL(try #require(url))
    try await blocking { _ = try PostgreSQLOpening.connect(url).execute(sql) }
  }

  /// The first column of the first row.
  static func ask(_ sql: String, in database: String) async throws -> String {
    let url = try PostgreSQLURL(try url(database))
    return try await blocking { try PostgreSQLOpening.connect(url).text(sql) }
  }

  private static let made = Mutex<Set<String>>([])

  private static let template = Task {
    let name = "template_\(ProcessInfo.processInfo.processIdentifier)"
    try await drop(name)
    let store = try await openStore(try await empty(name), migrate: true)
    try await store.close()
    return name
  }
}

/// Off Swift's shared threads.
func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value
{
  try await withCheckedThrowingContinuation { continuation in
    DispatchQueue.global().async { continuation.resume(with: Result { try body() }) }
  }
}

/// Runs where the tests were given a server, and says so where not.
extension Trait where Self == ConditionTrait {
  static var withPostgreSQL: Self {
    .enabled(
      if: TestServer.url != nil,
      "needs PostgreSQL: MONTHCLOSE_TEST_POSTGRES_URL (scripts/postgres start DIR)")
  }
}

/// A new database of its own; the store is opened with so many connections.
func withPostgreSQL(
  connections: Int = 4, _ body: (LedgerStore, _ database: String) async throws -> Void
) async throws {
  try await withFolder { folder in
    let name = TestServer.name(of: folder)
    let store = try await PostgreSQLStore.open(
      url: try await TestServer.database(name), migrate: false, connections: connections)
    do {
      try await body(store, name)
      #expect(try await store.problems() == [])
      try await store.close()
    } catch {
      try await store.close()
      try await TestServer.drop(name)
      throw error
    }
    try await TestServer.drop(name)
  }
}
