import Billing
import CPostgres
import Endpoints

/// Opens the store of many machines: a database of a PostgreSQL server.
public enum PostgreSQLStore {
  public static let usualConnections = 4
  public static let usualLockTimeout = Duration.seconds(30)

  public static func open(
    url text: String, migrate: Bool, connections count: Int = usualConnections,
    lockTimeout: Duration = usualLockTimeout
  ) async throws -> LedgerStore {
    let url = try PostgreSQLURL(text)
    let connections = PostgreSQLConnections(
      url, count: max(1, count), PostgreSQLTimes(lockTimeout: lockTimeout))
    do {
      try await connections.withLane { lane in
        let connection = try lane.connected()
        let other = try PostgreSQLOpening.connect(url)
        try PostgreSQLOpening.requireSessions(connection, other, url)
        try PostgreSQLSchema(connection, place: url.place).prepare(migrate: migrate)
      }
    } catch {
      try await connections.close()
      throw error
    }
    return LedgerStore(connections)
  }
}

/// `postgres://user:password@host:port/database?sslmode=verify-full`, as libpq reads it, and what
/// of it may be shown.
struct PostgreSQLURL: Sendable {
  /// With the password: never shown.
  let text: String
  /// `user@host:port/database`
  let place: String
  let host: String
  /// The files of the authorities that we trust for the server, and of our own certificate.
  let authorities: String?
  let certificate: String?

  init(_ text: String) throws {
    self.text = text
    var message: UnsafeMutablePointer<CChar>?
    guard let options = PQconninfoParse(text, &message) else {
      // libpq's message may repeat a part of the URL, the password too.
      PQfreemem(message)
      throw StoreError.invalid(
        "the store's URL: expected "
          + "postgres://user:password@host:port/database?sslmode=verify-full, found what libpq "
          + "cannot read")
    }
    defer { PQconninfoFree(options) }
    var values: [String: String] = [:]
    var option = options
    while let keyword = option.pointee.keyword {
      if let value = option.pointee.val {
        values[String(cString: keyword)] = String(cString: value)
      }
      option += 1
    }
    host = values["host"] ?? values["hostaddr"] ?? "localhost"
    authorities = values["sslrootcert"]
    certificate = values["sslcert"]
    place =
      "\(values["user"].map { "\($0)@" } ?? "")\(host):\(values["port"] ?? "5432")/"
      + (values["dbname"] ?? "")
    let hosts = [values["host"], values["hostaddr"]].compactMap { $0 }.flatMap {
      $0.split(separator: ",").map(String.init)
    }
    if !hosts.allSatisfy(Self.isLocal) && values["sslmode"] != "verify-full" {
      throw StoreError.invalid(
        "the store's URL: \(host) is not this machine, so sslmode=verify-full is required, "
          + "found sslmode=\(values["sslmode"] ?? "(none)")")
    }
  }

  /// The folder of a Unix socket, or this machine's own address.
  private static func isLocal(_ host: String) -> Bool {
    host.hasPrefix("/") || Loopback.contains(host)
  }
}

/// How long a server may take: for a lock, for a statement, and until it is taken for one that has
/// stopped. The server keeps the first two itself, and says so.
struct PostgreSQLTimes: Sendable {
  let lockSeconds: Int

  init(lockTimeout: Duration = PostgreSQLStore.usualLockTimeout) {
    lockSeconds = max(1, Int(lockTimeout.components.seconds))
  }

  /// Statements that find their rows by keys take milliseconds, and the lock.
  var statementSeconds: Int { lockSeconds + 30 }
  /// Longer than any statement may take.
  var silence: Double { Double(statementSeconds + 10) }

  /// Reports, audits, imports and migrations read or write whole tables.
  static let longStatementSeconds = 300
  static let longSilence = Double(longStatementSeconds + 10)

  /// How long a program that stopped in the middle of a transaction keeps its rows locked.
  static let idleSeconds = 60

  static let long = """
    SET LOCAL statement_timeout = '\(longStatementSeconds)s';
    SET LOCAL idle_in_transaction_session_timeout = '\(longStatementSeconds)s'
    """

  var settings: String {
    """
    SET statement_timeout = '\(statementSeconds)s'; SET lock_timeout = '\(lockSeconds)s';
    SET idle_in_transaction_session_timeout = '\(Self.idleSeconds)s'
    """
  }
}
