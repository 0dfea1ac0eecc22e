import Dispatch
import Synchronization

/// Mails on their way from tasks to connection threads. Bounded: a task that adds to a full queue
/// is suspended until there is room. Takers block, so they must have their own threads.
final class MailQueue: Sendable {
  struct Job: Sendable {
    var mail: OutgoingMail
    var index: Int
    var batch: MailBatch
  }

  private struct State {
    var jobs: [Job] = []
    var waiting: [(job: Job, admitted: CheckedContinuation<Bool, Never>)] = []
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
      let job = state.jobs.isEmpty ? nil : state.jobs.removeFirst()
      guard job != nil, !state.waiting.isEmpty else {
        return (job, CheckedContinuation<Bool, Never>?.none)
      }
      let next = state.waiting.removeFirst()
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
      return (state.jobs, state.waiting)
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
