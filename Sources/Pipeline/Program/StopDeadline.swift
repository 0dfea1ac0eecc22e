import Dispatch
import Glibc
import Logging

/// The last resort of a service that was told to stop and has not ended in time: something hangs
/// that obeys nobody. Whatever it was at is taken up again by the next process, as after a crash,
/// so leaving it is safe. It alone hears the signals, on a thread of its own, and needs none of
/// Swift's shared ones to leave. Two that listen would each hear them from another moment on: a
/// signal between the two would begin the deadline of a service that nobody told to stop.
final class StopDeadline: Sendable {
  private let queue = DispatchQueue(label: "month-close.stop-deadline")
  private let seconds: Int
  private let logger: Logger
  private let inWork: @Sendable () -> [String]
  private let end: @Sendable (CInt) -> Void

  /// `inWork`: what has not ended, for the log.
  init(
    seconds: Int, logger: Logger, inWork: @escaping @Sendable () -> [String],
    end: @escaping @Sendable (CInt) -> Void = { _exit($0) }
  ) {
    self.seconds = seconds
    self.logger = logger
    self.inWork = inWork
    self.end = end
  }

  /// Runs `body`, which `stop` asks to end at one of the signals and which is to be over so long
  /// afterwards.
  func bounding<Value>(
    stop: @escaping @Sendable () async -> Void, _ body: () async -> Value
  ) async -> Value {
    let sources = [SIGTERM, SIGINT].map {
      DispatchSource.makeSignalSource(signal: $0, queue: queue)
    }
    for source in sources {
      source.setEventHandler {
        self.begin()
        Task(operation: stop)
      }
      source.resume()
    }
    defer { for source in sources { source.cancel() } }
    return await body()
  }

  func begin() {
    queue.asyncAfter(deadline: .now() + .seconds(seconds)) { self.leave() }
  }

  private func leave() {
    let left = inWork()
    logger.error(
      "asked to stop \(seconds) s ago (MONTHCLOSE_STOP_TIMEOUT); exiting with work left to others",
      metadata: ["left": "\(left.isEmpty ? "closing connections" : left.joined(separator: ", "))"])
    end(1)
  }
}
