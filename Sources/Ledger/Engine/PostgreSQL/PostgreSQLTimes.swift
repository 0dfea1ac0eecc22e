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
