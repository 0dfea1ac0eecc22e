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
      OwnThread.start { [self] in
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
