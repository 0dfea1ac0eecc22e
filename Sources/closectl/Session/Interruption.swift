import Dispatch
import Glibc

/// Ctrl-C, or SIGTERM, while something is under way that goes on by itself or has to be gone on
/// with: before the process ends, as by that signal, a sentence says how.
enum Interruption {
  static func saying<Value>(
    _ sentence: String, _ output: Output, _ body: () async throws -> Value
  ) async rethrows -> Value {
    let watches = [SIGINT, SIGTERM].filter { !isIgnored($0) }.map { watch($0, sentence, output) }
    defer { for watch in watches { watch.cancel() } }
    return try await body()
  }

  private static func watch(
    _ number: CInt, _ sentence: String, _ output: Output
  ) -> any DispatchSourceSignal {
    let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
    source.setEventHandler {
      output.noteLine((output.noteIsTerminal ? "\n" : "") + sentence)
      end(by: number)
    }
    source.setCancelHandler { signal(number, SIG_DFL) }
    // Seen by the source all the same.
    signal(number, SIG_IGN)
    source.activate()
    return source
  }

  /// A thread of Dispatch hears no signals unless it is told to.
  private static func end(by number: CInt) {
    signal(number, SIG_DFL)
    var heard = sigset_t()
    sigemptyset(&heard)
    sigaddset(&heard, number)
    pthread_sigmask(SIG_UNBLOCK, &heard, nil)
    raise(number)
  }

  /// As by `nohup`, or by a shell that started it in the background.
  private static func isIgnored(_ number: CInt) -> Bool {
    var action = sigaction()
    guard sigaction(number, nil, &action) == 0 else { return false }
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
      == unsafeBitCast(SIG_IGN, to: Int.self)
  }
}
