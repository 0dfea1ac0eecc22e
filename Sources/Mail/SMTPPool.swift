import DequeModule
import Dispatch
import Endpoints
import Glibc
import Logging
import Synchronization

/// A fixed number of connections to one mail server, each on its own thread: libcurl blocks, and
/// Swift's shared threads must not.
final class SMTPPool: Sendable {
  private struct State {
    var running: Int
    var stopped: [CheckedContinuation<Void, Never>] = []
  }

  private let connections: Int
  private let queue: MailQueue
  private let state: Mutex<State>

  init(
    server: ServerURL, trust: SMTPTrust = .init(), connections: Int,
    timeouts: SMTPTimeouts = .init(), logger: Logger
  ) {
    self.connections = connections
    self.queue = MailQueue()
    self.state = Mutex(.init(running: connections))
    LibCurl.isReady
    for _ in 1...connections {
      DedicatedThread.start { [self] in
        work(SMTPConnection(server: server, trust: trust, timeouts: timeouts, logger: logger))
      }
    }
  }

  /// A cancelled task gets its answers within a second or so.
  func deliver(_ mails: [OutgoingMail], _ calls: MailCalls) async {
    let batch = MailBatch(mails, calls)
    await withTaskCancellationHandler {
      if !queue.put(batch) {
        for index in mails.indices { batch.answer(Self.stopping, at: index) }
      }
      await batch.isFinished()
    } onCancel: {
      batch.giveUp()
    }
  }

  func shutdown() async {
    for job in queue.close(takers: connections) { job.batch.answer(Self.stopping, at: job.index) }
    await withCheckedContinuation { continuation in
      let isDone = state.withLock { state in
        if state.running > 0 { state.stopped.append(continuation) }
        return state.running == 0
      }
      if isDone { continuation.resume() }
    }
  }

  static let stopping = MailAnswer.notSent("the mail client is stopping")

  private func work(_ connection: SMTPConnection) {
    while let job = queue.take() {
      guard job.batch.begin(job.index) else { continue }
      job.batch.answer(
        connection.deliver(job.mail, unless: { job.batch.isGivenUp }), at: job.index)
    }
    connection.close()
    let stopped = state.withLock { state in
      state.running -= 1
      return state.running == 0 ? state.stopped : []
    }
    for continuation in stopped { continuation.resume() }
  }
}

/// Mails on their way from tasks to connection threads: whole batches go in, single mails come out.
/// Its callers bound it, since each of them waits for its answers. Takers block, so they must have
/// their own threads.
final class MailQueue: Sendable {
  struct Job: Sendable {
    var batch: MailBatch
    var index: Int
    var mail: OutgoingMail { batch.mails[index] }
  }

  private struct State {
    var batches: Deque<MailBatch> = []
    /// The next mail of the first batch.
    var next = 0
    var isClosed = false

    mutating func pop() -> Job? {
      guard let batch = batches.first else { return nil }
      let job = Job(batch: batch, index: next)
      next += 1
      if next == batch.mails.count {
        batches.removeFirst()
        next = 0
      }
      return job
    }
  }

  private let state = Mutex(State())
  /// Counts mails, and once closed, one for each taker.
  private let ready = DispatchSemaphore(value: 0)

  /// `false` if the queue is closed and the batch was not accepted.
  func put(_ batch: MailBatch) -> Bool {
    if batch.mails.isEmpty { return true }
    let isIn = state.withLock { state in
      if !state.isClosed { state.batches.append(batch) }
      return !state.isClosed
    }
    if isIn { for _ in batch.mails { ready.signal() } }
    return isIn
  }

  /// Blocks the thread until there is a mail; `nil` once the queue is closed.
  func take() -> Job? {
    ready.wait()
    return state.withLock { $0.pop() }
  }

  /// Returns the mails not taken yet; every taker gets `nil` from now on.
  func close(takers: Int) -> [Job] {
    let left = state.withLock { state in
      state.isClosed = true
      var left: [Job] = []
      while let job = state.pop() { left.append(job) }
      return left
    }
    for _ in 0..<takers { ready.signal() }
    return left
  }
}

/// The mails of one `deliver`, and how many of them are still to be finished.
final class MailBatch: Sendable {
  private struct State {
    var missing: Int
    var complete: CheckedContinuation<Void, Never>?
  }

  let mails: [OutgoingMail]
  private let calls: MailCalls
  private let state: Mutex<State>
  private let isAbandoned = Atomic(false)

  init(_ mails: [OutgoingMail], _ calls: MailCalls) {
    self.mails = mails
    self.calls = calls
    state = Mutex(.init(missing: mails.count))
  }

  /// The caller no longer waits: mails in progress are aborted, the others are not started.
  var isGivenUp: Bool { isAbandoned.load(ordering: .relaxed) }

  func giveUp() { isAbandoned.store(true, ordering: .relaxed) }

  /// `false`: the mail does not leave, and is finished.
  func begin(_ index: Int) -> Bool {
    if calls.mayLeave(index) { return true }
    finish()
    return false
  }

  /// Once for each mail.
  func answer(_ answer: MailAnswer, at index: Int) {
    calls.heard(index, answer)
    finish()
  }

  private func finish() {
    let complete = state.withLock { state in
      state.missing -= 1
      return state.missing == 0 ? state.complete.take() : nil
    }
    complete?.resume()
  }

  func isFinished() async {
    await withCheckedContinuation { complete in
      let isDone = state.withLock { state in
        if state.missing > 0 { state.complete = complete }
        return state.missing == 0
      }
      if isDone { complete.resume() }
    }
  }
}
