import CPostgres
import Glibc
import Synchronization

/// How long a server may be silent before it is given up. A stopped server is silent but keeps its
/// connections, because the kernel continues to acknowledge for it: nothing else would notice.
final class AnswerLimit: Sendable {
  private struct State {
    var silence = PostgreSQLTimes.longSilence
    var end = Double.infinity
  }
  private let state = Mutex(State())

  /// For the next piece of work.
  func begin(silence: Double) {
    state.withLock { $0 = State(silence: silence) }
  }

  func expect(silence: Double) { state.withLock { $0.silence = silence } }

  /// The caller has no more time: an answer that arrives at once is still accepted.
  func shorten(to rest: Double = 2) {
    state.withLock { $0.end = min($0.end, SteadyClock.seconds() + rest) }
  }

  var isOver: Bool { SteadyClock.seconds() >= state.withLock { $0.end } }

  /// When to give up, if something was last received at `time`.
  func end(heardAt time: Double) -> Double {
    state.withLock { min($0.end, time + $0.silence) }
  }
}

// MARK: Waiting

extension PostgreSQLConnection {
  /// The next result of what was sent, `nil` after the last.
  func nextResult() throws -> OpaquePointer? {
    try send()
    while PQisBusy(handle) == 1 {
      try wait(for: POLLIN)
      // The connection is lost, and the result reports it.
      if PQconsumeInput(handle) == 0 { break }
    }
    return PQgetResult(handle)
  }

  /// Everything queued. A server that reads nothing is treated like one that says nothing.
  private func send() throws {
    while true {
      switch PQflush(handle) {
      case 0: return
      case 1: try wait(for: POLLIN | POLLOUT)
      default: throw PostgreSQLError(nil, handle)
      }
      if PQconsumeInput(handle) == 0 { return }
    }
  }

  private func wait(for events: CInt) throws {
    let began = SteadyClock.seconds()
    while true {
      let left = limit.end(heardAt: began) - SteadyClock.seconds()
      if left <= 0 { throw silence(SteadyClock.seconds() - began) }
      var watched = pollfd(fd: PQsocket(handle), events: Int16(events), revents: 0)
      // In pieces, because the deadline may move closer meanwhile.
      let found = poll(&watched, 1, CInt(min(left, 0.25) * 1000) + 1)
      if found > 0 || (found < 0 && errno != EINTR) { return }
    }
  }

  private func silence(_ seconds: Double) -> PostgreSQLError {
    isGivenUp = true
    return PostgreSQLError(
      state: "", message: "the server has said nothing for \(Int(seconds.rounded())) s",
      isLost: true, isSilent: true)
  }

  /// The last result of one call, or the server's refusal.
  func answer(toSent sent: CInt) throws -> PostgreSQLResult {
    guard sent == 1 else { throw PostgreSQLError(nil, handle) }
    var last: PostgreSQLResult?
    var fault: PostgreSQLError?
    while let pointer = try nextResult() {
      let result = PostgreSQLResult(pointer)
      switch PQresultStatus(pointer) {
      case PGRES_COMMAND_OK, PGRES_TUPLES_OK: last = result
      default: fault = fault ?? PostgreSQLError(pointer, handle)
      }
    }
    if fault == nil, let last { return last }
    var told = fault ?? PostgreSQLError(nil, handle)
    // If the server ended the connection with a message, the end is read after the message.
    told.isLost = !isUsable
    throw told
  }
}
