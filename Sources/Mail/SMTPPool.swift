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
    self.queue = MailQueue(capacity: connections * 64)
    self.state = Mutex(.init(running: connections))
    LibCurl.isReady
    for _ in 1...connections {
      DedicatedThread.start { [self] in
        work(SMTPConnection(server: server, trust: trust, timeouts: timeouts, logger: logger))
      }
    }
  }

  /// A cancelled task gets its answers within a second or so.
  func send(_ mails: [OutgoingMail]) async -> [MailAnswer] {
    let batch = MailBatch(count: mails.count)
    return await withTaskCancellationHandler {
      for (index, mail) in mails.enumerated() {
        let isIn = await queue.put(.init(mail: mail, index: index, batch: batch))
        if !isIn { batch.answer(Self.stopping, at: index) }
      }
      return await batch.answers()
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

/// Mails on their way from tasks to connection threads. Bounded: a task that adds to a full queue
/// is suspended until there is room. Takers block, so they must have their own threads.
final class MailQueue: Sendable {
  struct Job: Sendable {
    var mail: OutgoingMail
    var index: Int
    var batch: MailBatch
  }

  private struct State {
    var jobs: Deque<Job> = []
    var waiting: Deque<(job: Job, admitted: CheckedContinuation<Bool, Never>)> = []
    var isClosed = false
  }

  private let capacity: Int
  private let state = Mutex(State())
  /// Counts jobs, and once closed, one for each taker.
  private let ready = DispatchSemaphore(value: 0)

  init(capacity: Int) { self.capacity = capacity }

  /// `false` if the queue is closed and the job was not accepted.
  func put(_ job: Job) async -> Bool {
    await withCheckedContinuation { admitted in
      let isIn: Bool? = state.withLock { state in
        if state.isClosed { return false }
        if state.jobs.count < capacity {
          state.jobs.append(job)
          return true
        }
        state.waiting.append((job, admitted))
        return nil
      }
      if isIn == true { ready.signal() }
      if let isIn { admitted.resume(returning: isIn) }
    }
  }

  /// Blocks the thread until there is a job; `nil` once the queue is closed.
  func take() -> Job? {
    ready.wait()
    let (job, admitted) = state.withLock { state in
      let job = state.jobs.popFirst()
      guard job != nil, let next = state.waiting.popFirst() else {
        return (job, CheckedContinuation<Bool, Never>?.none)
      }
      state.jobs.append(next.job)
      return (job, next.admitted)
    }
    if let admitted {
      ready.signal()
      admitted.resume(returning: true)
    }
    return job
  }

  /// Returns the jobs not taken yet; every taker gets `nil` from now on.
  func close(takers: Int) -> [Job] {
    let (left, waiting) = state.withLock { state in
      state.isClosed = true
      defer { (state.jobs, state.waiting) = ([], []) }
      return (Array(state.jobs), state.waiting)
    }
    for _ in 0..<takers { ready.signal() }
    for waiter in waiting { waiter.admitted.resume(returning: false) }
    return left
  }
}

/// The answers to the mails of one `send`, as they come in.
final class MailBatch: Sendable {
  private struct State {
    var answers: [MailAnswer?]
    var missing: Int
    var isGivenUp = false
    var complete: CheckedContinuation<[MailAnswer], Never>?
  }

  private let state: Mutex<State>

  init(count: Int) {
    state = Mutex(.init(answers: Array(repeating: nil, count: count), missing: count))
  }

  /// The caller no longer waits: mails in progress are aborted, the others are not started.
  var isGivenUp: Bool { state.withLock { $0.isGivenUp } }

  func giveUp() { state.withLock { $0.isGivenUp = true } }

  func answer(_ answer: MailAnswer, at index: Int) {
    let (complete, answers) = state.withLock { state in
      if state.answers[index] == nil { state.missing -= 1 }
      state.answers[index] = answer
      guard state.missing == 0, let complete = state.complete else {
        return (CheckedContinuation<[MailAnswer], Never>?.none, [MailAnswer]())
      }
      state.complete = nil
      return (complete, state.answers.compactMap { $0 })
    }
    complete?.resume(returning: answers)
  }

  func answers() async -> [MailAnswer] {
    await withCheckedContinuation { complete in
      let done: [MailAnswer]? = state.withLock { state in
        guard state.missing > 0 else { return state.answers.compactMap { $0 } }
        state.complete = complete
        return nil
      }
      if let done { complete.resume(returning: done) }
    }
  }
}
