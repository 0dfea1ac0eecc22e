import Dispatch
import Glibc
import Logging

/// The last resort for a service that was asked to stop and has not ended in time because something
/// hangs. The next process takes up its work, as after a crash, so leaving it is safe. Only this
/// type receives the signals, on its own thread, and it needs none of Swift's shared threads to
/// exit. Two listeners would start listening at different moments, and a signal between the two
/// would start the deadline of a service that was not asked to stop.
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

  /// Runs `body`, which `stop` asks to end on one of the signals, and which must end within the
  /// deadline after that.
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
