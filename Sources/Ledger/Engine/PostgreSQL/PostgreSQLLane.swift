import Dispatch
import Glibc

/// One slot for a connection, with a queue on which everything about it runs. The connection is
/// opened when it is first needed, and again after it was lost.
final class PostgreSQLLane: @unchecked Sendable {  // `connection` is touched on its queue only
  let queue: DispatchQueue
  let limit = AnswerLimit()
  private let times: PostgreSQLTimes
  private let url: PostgreSQLURL
  private let signatures: PostgreSQLSignatures
  private var connection: PostgreSQLConnection?
  private var epoch = ""

  /// Write transactions on this connection, and how many there were when its plans were made.
  private var writes = 0
  private var plannedWrites = 0
  private var plannedAt = 0.0

  init(
    _ url: PostgreSQLURL, _ signatures: PostgreSQLSignatures, _ times: PostgreSQLTimes, number: Int
  ) {
    self.times = times
    self.url = url
    self.signatures = signatures
    self.queue = DispatchQueue(label: "month-close.store.postgresql.\(number)")
  }

  func connected() throws -> PostgreSQLConnection {
    if let connection, connection.isUsable { return connection }
    connection = nil
    let made = try PostgreSQLOpening.connect(url, signatures, times, limit)
    epoch = try PostgreSQLOpening.epoch(made)
    connection = made
    (writes, plannedWrites, plannedAt) = (0, 0, SteadyClock.seconds())
    return made
  }

  func disconnect() {
    connection = nil
  }

  /// All of `body` sees one state. A connection lost while idle is opened again.
  func read<Value>(
    _ extent: ReadExtent, _ body: (any SQLSession) throws -> Value
  ) throws -> Value {
    var attempt = 1
    while true {
      do {
        return try readOnce(extent, body)
      } catch let error as PostgreSQLError
        where error.isLost && !error.isSilent && attempt < 3
      {
        attempt += 1
      }
    }
  }

  private func readOnce<Value>(
    _ extent: ReadExtent, _ body: (any SQLSession) throws -> Value
  ) throws -> Value {
    limit.expect(silence: extent == .tables ? PostgreSQLTimes.longSilence : times.silence)
    let connection = try connected()
    connection.begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    do {
      if extent == .tables { try connection.execute(PostgreSQLOpening.wholeTables) }
      let value = try body(PostgreSQLSession(connection, extent, isSetBased: true))
      try connection.end("COMMIT")
      return value
    } catch {
      rollBack(connection)
      throw error
    }
  }

  private func rollBack(_ connection: PostgreSQLConnection) {
    guard connection.isUsable && !connection.isStuck else { return disconnect() }
    do {
      try connection.end("ROLLBACK")
    } catch {
      disconnect()  // The server rolls back what is not committed.
    }
  }
}

// MARK: Writing

extension PostgreSQLLane {
  /// How often a transaction is retried because others were in the way.
  static let attempts = 12
  static let planSeconds = 60.0
  /// How long to keep asking for the outcome of a commit, in seconds.
  static let outcomeSeconds = 30.0

  func write<Value>(
    isRepeatable: Bool, _ body: (any SQLSession) throws -> Value, keeps: (Value) -> Bool
  ) throws -> Value {
    var collisions = 0
    for attempt in 1... {
      do {
        return try writeOnce(isSetBased: collisions < 2, body, keeps)
      } catch let error as PostgreSQLError {
        guard isRepeatable && attempt < Self.attempts else { throw error }
        if error.isCollision && collisions < 2 {
          collisions += 1
        } else if error.isConflict {
          pause(attempt)
        } else if !error.isLost || error.isSilent || attempt >= 3 {
          throw error
        }
      } catch is Undone {
        guard isRepeatable && attempt < Self.attempts else {
          throw StoreError.unreachable("\(url.place): the connection was lost before the commit")
        }
      }
    }
    preconditionFailure("the attempts are bounded")
  }

  /// The commit whose answer was lost did not happen.
  private struct Undone: Error {}

  private func writeOnce<Value>(
    isSetBased: Bool, _ body: (any SQLSession) throws -> Value, _ keeps: (Value) -> Bool
  ) throws -> Value {
    limit.expect(silence: times.silence)
    let connection = try connected()
    try renewPlans(connection)
    let epoch = epoch
    connection.begin("BEGIN")
    let value: Value
    let transaction: String
    do {
      let session = PostgreSQLSession(connection, .rows, isSetBased: isSetBased)
      value = try body(session)
      guard keeps(value) else {
        rollBack(connection)
        return value
      }
      transaction = try session.seal()
    } catch {
      rollBack(connection)
      throw error
    }
    try commit(connection, transaction, epoch)
    return value
  }

  /// Plans are made for tables of their current size. A first close fills empty tables within
  /// minutes, so plans are renewed each time the work doubles, and once a minute.
  private func renewPlans(_ connection: PostgreSQLConnection) throws {
    writes += 1
    if writes < 2 * plannedWrites && SteadyClock.seconds() - plannedAt < Self.planSeconds { return }
    try connection.forgetPlans()
    (plannedWrites, plannedAt) = (writes, SteadyClock.seconds())
  }

  private func commit(
    _ connection: PostgreSQLConnection, _ transaction: String, _ epoch: String
  ) throws {
    do {
      try connection.execute("COMMIT")
    } catch let error as PostgreSQLError where error.isLost {
      disconnect()
      if try !isCommitted(transaction, epoch) { throw Undone() }
    } catch {
      rollBack(connection)
      throw error
    }
  }

  /// Asks the server, which knows unless it has been restarted since.
  private func isCommitted(_ transaction: String, _ before: String) throws -> Bool {
    let deadline = SteadyClock.seconds() + Self.outcomeSeconds
    let unknown = StoreError.unreachable(
      "\(url.place): the connection was lost during a commit, whose outcome is not known yet; "
        + "a retry will find what was committed")
    while SteadyClock.seconds() < deadline && !limit.isOver {
      do {
        let connection = try connected()
        if epoch != before { throw unknown }
        switch try connection.text("SELECT pg_xact_status('\(transaction)'::xid8)") {
        case "committed": return true
        case "aborted": return false
        case "in progress": usleep(50_000)
        default: throw unknown
        }
      } catch let error as PostgreSQLError where error.isLost {
        disconnect()
        usleep(100_000)
      } catch StoreError.unreachable(let why) where StoreError.unreachable(why) != unknown {
        usleep(200_000)
      }
    }
    throw unknown
  }

  /// Longer each time, and never the same for two that collided.
  private func pause(_ attempt: Int) {
    let most = UInt32(min(1 << attempt, 256)) * 1000
    usleep(UInt32.random(in: most / 4...most))
  }
}
