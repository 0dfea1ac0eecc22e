import Dispatch
import GRDB
import Synchronization

/// One connection that writes and two that only read, each on a queue of its own, so readers never
/// wait for the writer; where all runs inline, one for both. Work is queued and never runs on
/// Swift's shared threads; cancelling a task does not interrupt it, so what became of a commit is
/// always known.
final class SQLiteConnections: SQLConnections {
  let path: String
  private let writer: DatabaseQueue
  private let readers: [DatabaseQueue]
  let options: SQLiteOptions
  private let lock: FileLock
  /// The same lock, to try whether it can be had while the other one is in use.
  let probe: FileLock
  let probing = DispatchQueue(label: "month-close.store.probe")
  let identity: FileIdentity?
  private let checkpointing: Checkpointing
  private let state = Mutex(State())

  private struct State {
    var isClosed = false
    var turn = 0
  }

  init(
    path: String, writer: DatabaseQueue, readers: [DatabaseQueue], lock: FileLock,
    probe: FileLock, options: SQLiteOptions
  ) {
    self.path = path
    self.options = options
    self.writer = writer
    self.readers = readers
    self.lock = lock
    self.probe = probe
    self.identity = FileIdentity(path: path)
    self.checkpointing = Checkpointing(
      walPath: path + "-wal", atBytes: options.checkpointsAtBytes)
  }

  /// A store that nobody closed is closed here, by another thread: the last reference may be given
  /// up on a connection's own queue, where waiting for that queue would never end.
  deinit {
    if state.withLock({ $0.isClosed }) { return }
    DispatchQueue.global().async { [lock, writer, readers] in
      // There is no caller left to report to; what was committed is in the WAL either way.
      try? Self.closeAll(lock, writer, readers)
    }
  }

  func read<Value: Sendable>(
    _ extent: ReadExtent, _ body: @escaping @Sendable (any SQLSession) throws -> Value
  ) async throws -> Value {
    guard let reader = nextReader() else { throw Self.closed(path) }
    if options.runsInline { return try readInline(reader, body) }
    return try await withCheckedThrowingContinuation { continuation in
      reader.asyncUnsafeRead { [path] database in
        continuation.resume(
          with: Self.result(path) { try SQLiteSession(database.get()).inSnapshot(body) })
      }
    }
  }

  /// `nil` once it is closed.
  private func nextReader() -> DatabaseQueue? {
    state.withLock { state in
      if state.isClosed { return nil }
      if options.runsInline { return writer }
      state.turn = (state.turn + 1) % readers.count
      return readers[state.turn]
    }
  }

  private func readInline<Value>(
    _ reader: DatabaseQueue, _ body: (any SQLSession) throws -> Value
  ) throws -> Value {
    try Self.result(path) { try reader.unsafeRead { try SQLiteSession($0).inSnapshot(body) } }.get()
  }

  private func writeInline<Value>(
    _ work: (Database) -> Result<Value, any Error>
  ) throws -> Value {
    try writer.writeWithoutTransaction(work).get()
  }

  /// Runs `body` in one write transaction, under the lock, and returns once its commit is durable.
  /// What `keeps` refuses is rolled back and returned all the same. A lock that does not come in
  /// time is a fault, and nothing was written; the time counts from the call, not from its turn. A
  /// task that is cancelled waits only a moment longer.
  func write<Value: Sendable>(
    isRepeatable: Bool, _ body: @escaping @Sendable (any SQLSession) throws -> Value,
    keeps: @escaping @Sendable (Value) -> Bool
  ) async throws -> Value {
    let wait = LockWait(atMost: options.lockTimeout)
    let work = { @Sendable [path, lock, identity, checkpointing] (database: Database) in
      Self.result(path) {
        try lock.withLock(wait) {
          if FileIdentity(path: path) != identity { throw FileIdentity.moved(path) }
          let value = try Self.transaction(database, keeps, body)
          checkpointing.run(database)
          return value
        }
      }
    }
    if options.runsInline { return try writeInline(work) }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let isQueued = state.withLock { state in
          if state.isClosed { return false }
          writer.asyncWriteWithoutTransaction { continuation.resume(with: work($0)) }
          return true
        }
        if !isQueued { continuation.resume(throwing: Self.closed(path)) }
      }
    } onCancel: {
      wait.shorten()
    }
  }

  var removedGuards: Set<LedgerGuard> { options.removed }

  func damage(_ session: any SQLSession, limit: Int) throws -> [String] {
    let found = try session.texts("PRAGMA quick_check(\(limit))")
    return found.filter { $0 != "ok" }.map { "the file is damaged: \($0)" }
  }

  /// Outside a transaction and without the lock, on the writing connection: for its settings.
  func inspectWriter<Value: Sendable>(
    _ body: @escaping @Sendable (any SQLSession) throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      writer.asyncWriteWithoutTransaction { [path] database in
        continuation.resume(with: Self.result(path) { try body(SQLiteSession(database)) })
      }
    }
  }

  /// Waits for what was queued before, then closes, under the lock if it comes in time, since the
  /// last close of a database is a checkpoint. Calls after the first do nothing.
  func close() async throws {
    let wasClosed = state.withLock { state in
      defer { state.isClosed = true }
      return state.isClosed
    }
    if wasClosed { return }
    if options.runsInline { return try Self.closeAll(lock, writer, readers) }
    for queue in readers + [writer] {
      await withCheckedContinuation { continuation in
        queue.asyncWriteWithoutTransaction { _ in continuation.resume() }
      }
    }
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async { [path, lock, writer, readers] in
        continuation.resume(with: Self.result(path) { try Self.closeAll(lock, writer, readers) })
      }
    }
  }

  private static func transaction<Value>(
    _ database: Database, _ keeps: (Value) -> Bool, _ body: (any SQLSession) throws -> Value
  ) throws -> Value {
    var value: Value?
    try database.inTransaction(.immediate) {
      let made = try body(SQLiteSession(database))
      value = made
      return keeps(made) ? .commit : .rollback
    }
    guard let value else { preconditionFailure("a transaction ended without a value") }
    return value
  }

  /// How long a program that ends waits for the lock.
  private static let closingWait = Duration.seconds(2)

  /// Where the lock does not come, without a checkpoint: the WAL keeps every commit, and the next
  /// who writes brings it back.
  private static func closeAll(
    _ lock: FileLock, _ writer: DatabaseQueue, _ readers: [DatabaseQueue]
  ) throws {
    func close() throws {
      for reader in readers { try reader.close() }
      try writer.close()
    }
    do {
      try lock.withLock(atMost: closingWait, close)
    } catch is StoreError {
      SQLiteOpening.keepWAL(of: writer)
      try close()
    }
  }

  private static func result<Value>(
    _ path: String, _ body: () throws -> Value
  ) -> Result<Value, any Error> {
    do {
      return .success(try body())
    } catch {
      return .failure(SQLiteFault.translated(error, path: path))
    }
  }

  private static func closed(_ path: String) -> StoreError {
    .unreachable("\(path) was closed by this program")
  }
}

extension SQLiteConnections {
  /// Longer than any write but an import takes.
  private static let tried = Duration.seconds(5)

  /// A lock that cannot be had for some seconds is in the way of the next write.
  func condition() async -> StoreCondition {
    if options.runsInline { return .usable }
    let wait = LockWait(atMost: Self.tried)
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        probing.async { [self] in continuation.resume(returning: look(wait)) }
      }
    } onCancel: {
      wait.shorten()
    }
  }

  private func look(_ wait: LockWait) -> StoreCondition {
    guard let found = FileIdentity(path: path) else { return .blocked(FileIdentity.gone(path)) }
    if found != identity { return .replaced(FileIdentity.replaced(path)) }
    // Without it, or with another one, two programs could write at once.
    if !probe.isInPlace { return .replaced(FileIdentity.replaced(probe.path)) }
    do {
      return try probe.withLock(wait) { .usable }
    } catch let error as StoreError {
      return .blocked(error)
    } catch {
      return .blocked(.unreachable("\(path): \(error)"))
    }
  }
}
