import Dispatch
import Glibc

/// Handles Ctrl-C or SIGTERM during work that continues without this process, or that has to be
/// resumed: a sentence says how, then the process ends as if by that signal.
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
    // The signal source still sees it.
    signal(number, SIG_IGN)
    source.activate()
    return source
  }

  /// A Dispatch thread receives no signals unless it is set up to.
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
