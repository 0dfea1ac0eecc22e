import Dispatch
import Glibc
import Synchronization

/// The append-only file that survives a kill: lines are on disk before any answer reports them.
///
/// Many requests share one write and one sync (group commit): a request that arrives while a sync
/// is running waits for the next one. Writing is done on a separate queue, never on Swift's shared
/// threads.
final class ChargeLog: Sendable {
  private struct Pending {
    var bytes: [UInt8] = []
    /// The number of bytes appended since the start, and how many of them are on disk.
    var appended = 0
    var durable = 0
    var isFlushing = false
    var failure: LogFault?
    var waiting: [Waiter] = []
  }

  private struct Waiter {
    var until: Int
    var continuation: CheckedContinuation<Void, any Error>
  }

  let path: String
  private let descriptor: Int32
  private let pending = Mutex(Pending())
  private let queue = DispatchQueue(label: "charge-log")

  private init(path: String, descriptor: Int32) {
    self.path = path
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// Opens or creates the file and hands each of its lines to `line`, in order. An unfinished last
  /// line was never reported by an answer: it is cut off.
  static func open(
    _ path: String, line: ([UInt8]) throws(LogFault) -> Void
  ) throws(LogFault) -> ChargeLog {
    let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .unreadable(path: path, reason: reason()) }
    let log = ChargeLog(path: path, descriptor: descriptor)
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { throw .inUse(path: path) }
    let whole = try log.read(line)
    guard ftruncate(descriptor, whole) == 0 else { throw .unreadable(path: path, reason: reason()) }
    return log
  }

  /// Appends lines in the order of the calls and returns the ticket to wait for.
  func append(_ bytes: [UInt8]) -> Int {
    let (ticket, start): (Int, Bool) = pending.withLock { pending in
      pending.bytes += bytes
      pending.appended += bytes.count
      let start = !pending.isFlushing
      pending.isFlushing = true
      return (pending.appended, start)
    }
    if start { queue.async { self.flush() } }
    return ticket
  }

  /// Appends and waits until the lines are on disk; for the start, before any request is served.
  func appendNow(_ bytes: [UInt8]) throws(LogFault) {
    _ = append(bytes)
    queue.sync {}
    if let failure = pending.withLock({ $0.failure }) { throw failure }
  }

  /// Returns once everything up to the ticket is on disk; throws if it never will be.
  func durable(_ ticket: Int) async throws {
    try await withCheckedThrowingContinuation {
      (continuation: CheckedContinuation<Void, any Error>) in
      pending.withLock { pending in
        if let failure = pending.failure {
          continuation.resume(throwing: failure)
        } else if pending.durable >= ticket {
          continuation.resume()
        } else {
          pending.waiting.append(Waiter(until: ticket, continuation: continuation))
        }
      }
    }
  }

  /// The ticket of everything appended so far; a read waits for it before it reports any of it.
  var lastTicket: Int { pending.withLock { $0.appended } }

  // MARK: On the queue

  private func flush() {
    while true {
      let batch: [UInt8] = pending.withLock { pending in
        if pending.bytes.isEmpty { pending.isFlushing = false }
        let batch = pending.bytes
        pending.bytes = []
        return batch
      }
      guard !batch.isEmpty else { return }
      let failure = write(batch)
      let ready: [Waiter] = pending.withLock { pending in
        if let failure { pending.failure = failure } else { pending.durable += batch.count }
        let done = pending.durable
        let ready = pending.waiting.filter { failure != nil || $0.until <= done }
        pending.waiting.removeAll { failure != nil || $0.until <= done }
        return ready
      }
      for waiter in ready {
        if let failure {
          waiter.continuation.resume(throwing: failure)
        } else {
          waiter.continuation.resume()
        }
      }
    }
  }

  private func write(_ bytes: [UInt8]) -> LogFault? {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return .unreadable(path: path, reason: Self.reason()) }
      rest = rest.dropFirst(count)
    }
    guard fdatasync(descriptor) == 0 else { return .unreadable(path: path, reason: Self.reason()) }
    return nil
  }

  /// Reads all complete lines and returns their total length.
  private func read(_ line: ([UInt8]) throws(LogFault) -> Void) throws(LogFault) -> Int {
    var whole = 0
    var number = 0
    var open: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .unreadable(path: path, reason: Self.reason()) }
      guard count > 0 else { return whole }
      var rest = chunk[..<count]
      while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
        number += 1
        open += rest[..<end]
        whole += open.count + 1
        do { try line(open) } catch {
          throw .badLine(path: path, line: number, reason: error.description)
        }
        open.removeAll(keepingCapacity: true)
        rest = rest[(end + 1)...]
      }
      open += rest
    }
  }

  private static func reason() -> String { String(cString: strerror(errno)) }
}
