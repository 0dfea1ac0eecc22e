import CPostgres
import Glibc

/// Connects, and prepares the session for the ledger or throws the reason why it cannot. Blocks.
enum PostgreSQLOpening {
  /// Settings the URL does not contain. A vanished peer is noticed within half a minute.
  private static let defaults = [
    ("connect_timeout", "5"), ("keepalives_idle", "10"), ("keepalives_interval", "5"),
    ("keepalives_count", "3"), ("tcp_user_timeout", "20000"),
  ]

  /// Rows are found by key, because statistics of tables that were just empty mislead the planner;
  /// queries over whole tables reset these.
  private static let settings = """
    SET client_encoding = 'UTF8'; SET client_min_messages = error;
    SET default_transaction_isolation = 'read committed'; SET jit = off;
    SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off;
    SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_material = off
    """
  static let wholeTables = """
    \(PostgreSQLTimes.long);
    SET LOCAL enable_seqscan = on; SET LOCAL enable_hashjoin = on;
    SET LOCAL enable_mergejoin = on; SET LOCAL enable_material = on
    """

  static func connect(
    _ url: PostgreSQLURL, _ signatures: PostgreSQLSignatures = PostgreSQLSignatures(),
    _ times: PostgreSQLTimes = PostgreSQLTimes(), _ limit: AnswerLimit = AnswerLimit()
  ) throws -> PostgreSQLConnection {
    let connection = try dial(url, signatures, limit)
    try connection.execute("\(settings); \(times.settings)")
    try requireDurable(connection, url)
    return connection
  }

  private static func dial(
    _ url: PostgreSQLURL, _ signatures: PostgreSQLSignatures, _ limit: AnswerLimit
  ) throws -> PostgreSQLConnection {
    let handle = withParameters(url) { PQconnectdbParams($0, $1, 1) }
    guard let handle else { throw StoreError.unreachable("\(url.place): out of memory for libpq") }
    guard PQstatus(handle) == CONNECTION_OK else {
      defer { PQfinish(handle) }
      throw PostgreSQLRefusal(String(cString: PQerrorMessage(handle)), url) {
        PostgreSQLCertificate(url).fault()
      }.error
    }
    PQsetNoticeProcessor(handle, { _, _ in }, nil)
    return PostgreSQLConnection(handle, signatures, limit)
  }

  /// libpq's two lists. Later entries count, so the URL can override the defaults.
  static func withParameters<Value>(
    _ url: PostgreSQLURL, instead: [(String, String)] = [],
    _ body: ([UnsafePointer<CChar>?], [UnsafePointer<CChar>?]) -> Value
  ) -> Value {
    let given =
      defaults + [("dbname", url.text), ("fallback_application_name", "month-close")] + instead
    let keywords = given.map { strdup($0.0) }
    let values = given.map { strdup($0.1) }
    defer { for text in keywords + values { free(text) } }
    return body(
      (keywords + [nil]).map { UnsafePointer($0) }, (values + [nil]).map { UnsafePointer($0) })
  }

  /// An acknowledged commit must survive a crash of the server.
  private static func requireDurable(
    _ connection: PostgreSQLConnection, _ url: PostgreSQLURL
  ) throws {
    if try connection.text("SHOW fsync") != "on" {
      throw StoreError.invalid("\(url.place): the server's fsync is off, expected on")
    }
    let strong = ["on", "remote_apply"]
    if try !strong.contains(connection.text("SHOW synchronous_commit")) {
      try connection.execute("SET synchronous_commit = on")
    }
    let found = try connection.text("SHOW synchronous_commit")
    guard strong.contains(found) else {
      throw StoreError.invalid(
        "\(url.place): synchronous_commit is \(found), expected on or remote_apply")
    }
    if try connection.text("SELECT pg_is_in_recovery()") == "t"
      || connection.text("SHOW default_transaction_read_only") == "on"
    {
      throw StoreError.readOnly(url.place)
    }
  }

  /// A pooler that passes a server's connection from one transaction to another would lose prepared
  /// statements, settings and locks. Two of our sessions open at the same time keep two different
  /// servers, unless there is such a pooler.
  static func requireSessions(
    _ first: PostgreSQLConnection, _ second: PostgreSQLConnection, _ url: PostgreSQLURL
  ) throws {
    let sql = "SELECT pg_backend_pid()"
    let before = try first.text(sql)
    try second.execute("BEGIN")
    let other = try second.text(sql)
    if before == other {
      throw StoreError.invalid(
        "\(url.place): the connection goes through a pooler in transaction mode "
          + "(pool_mode = transaction); "
          + "month-close needs session mode (pool_mode = session)")
    }
    let after = try first.text(sql)
    try second.execute("COMMIT")
    if before != after {
      throw StoreError.invalid(
        "\(url.place): a pooler changes the server's session (pool_mode); "
          + "month-close needs session mode (pool_mode = session)")
    }
  }

  /// Changes with every start and every crash of the server, after which transaction numbers that
  /// were not persisted are reused.
  static func epoch(_ connection: PostgreSQLConnection) throws -> String {
    try connection.text(
      "SELECT pg_postmaster_start_time() || ' ' || pg_stat_get_bgwriter_stat_reset_time()")
  }
}
