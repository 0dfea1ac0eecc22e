import Dispatch
import Synchronization

/// A bounded number of connections. A caller that finds none free waits in line, without blocking a
/// thread.
/// Cancelling a task does not interrupt its work, so the outcome of a commit is known, unless the
/// server is silent: then a cancelled task waits only a moment longer.
final class PostgreSQLConnections: SQLConnections {
  private let url: PostgreSQLURL
  private let lanes: [PostgreSQLLane]
  private let state: Mutex<State>

  private struct State {
    var free: [PostgreSQLLane]
    var waiting: [CheckedContinuation<PostgreSQLLane?, Never>] = []
    var isClosed = false
  }

  init(_ url: PostgreSQLURL, count: Int, _ times: PostgreSQLTimes) {
    self.url = url
    let signatures = PostgreSQLSignatures()
    lanes = (0..<count).map { PostgreSQLLane(url, signatures, times, number: $0) }
    state = Mutex(State(free: lanes.reversed()))
  }

  var removedGuards: Set<LedgerGuard> { [] }

  /// A server that is up, and has no table of ours locked, answers at once.
  func condition() async -> StoreCondition {
    do {
      try await withLane { lane in
        try lane.read(.rows) { session in
          lane.limit.expect(silence: Self.conditionSeconds)
          try session.execute(sql: "SET LOCAL lock_timeout = '4s'")
          _ = try session.integer("SELECT 1 FROM accounts LIMIT 1")
        }
      }
      return .usable
    } catch let error as StoreError {
      return .blocked(error)
    } catch {
      return .blocked(.unreachable("\(url.place): \(error)"))
    }
  }

  private static let conditionSeconds = 5.0

  /// PostgreSQL checks its pages when it reads them; there is nothing more to check from here.
  func damage(_ session: any SQLSession, limit: Int) throws -> [String] { [] }

  func read<Value: Sendable>(
    _ extent: ReadExtent, _ body: @escaping @Sendable (any SQLSession) throws -> Value
  ) async throws -> Value {
    try await withLane { try $0.read(extent, body) }
  }

  func write<Value: Sendable>(
    isRepeatable: Bool, _ body: @escaping @Sendable (any SQLSession) throws -> Value,
    keeps: @escaping @Sendable (Value) -> Bool
  ) async throws -> Value {
    try await withLane { try $0.write(isRepeatable: isRepeatable, body, keeps: keeps) }
  }

  func withLane<Value: Sendable>(
    _ body: @escaping @Sendable (PostgreSQLLane) throws -> Value
  ) async throws -> Value {
    guard let lane = await lane() else {
      throw StoreError.unreachable("\(url.place) was closed by this program")
    }
    lane.limit.begin(silence: PostgreSQLTimes.longSilence)
    let result: Result<Value, any Error> = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        lane.queue.async { continuation.resume(returning: Result { try body(lane) }) }
      }
    } onCancel: {
      lane.limit.shorten()
    }
    give(lane)
    return try result.mapError { PostgreSQLFault.translated($0, place: url.place) }.get()
  }

  /// Waits for work in progress. Calls after the first do nothing.
  func close() async throws {
    let waiting = state.withLock { state in
      state.isClosed = true
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume(returning: nil) }
    for lane in lanes {
      await withCheckedContinuation { continuation in
        lane.queue.async {
          lane.disconnect()
          continuation.resume()
        }
      }
    }
  }

  private func lane() async -> PostgreSQLLane? {
    await withCheckedContinuation { continuation in
      let found: PostgreSQLLane?? = state.withLock { state -> PostgreSQLLane?? in
        if state.isClosed { return .some(nil) }
        if let lane = state.free.popLast() { return lane }
        state.waiting.append(continuation)
        return nil
      }
      if let found { continuation.resume(returning: found) }
    }
  }

  private func give(_ lane: PostgreSQLLane) {
    let next = state.withLock { state -> CheckedContinuation<PostgreSQLLane?, Never>? in
      if state.waiting.isEmpty {
        state.free.append(lane)
        return nil
      }
      return state.waiting.removeFirst()
    }
    next?.resume(returning: lane)
  }
}
