import Dispatch
import Glibc

/// Runs the work until it ends on its own, or until SIGTERM or SIGINT: then it is cancelled, and
/// that is no error. What hangs on purpose does not keep the program alive.
func untilToldToStop(_ work: @escaping @Sendable () async throws -> Void) async throws {
  let working = Task { try await work() }
  let signals = [SIGTERM, SIGINT].map { (number: Int32) in
    signal(number, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: number)
    source.setEventHandler {
      working.cancel()
      DispatchQueue.global().asyncAfter(deadline: .now() + 2) { Glibc.exit(0) }
    }
    source.resume()
    return source
  }
  defer { for source in signals { source.cancel() } }
  do {
    try await working.value
  } catch  where working.isCancelled {
    // The end that was asked for.
  }
}
