import Glibc

/// Where a command writes: answers to standard output, everything said to people while it works to
/// standard error. Tests give their own.
struct Output: Sendable {
  var answer: @Sendable (String) -> Void
  var note: @Sendable (String) -> Void
  var answerIsTerminal: Bool
  var noteIsTerminal: Bool
  var environment: [String: String]

  var style: Style { Style(isTerminal: answerIsTerminal, environment: environment) }
  var noteStyle: Style { Style(isTerminal: noteIsTerminal, environment: environment) }

  static func standard(_ environment: [String: String]) -> Output {
    Output(
      answer: { write($0, to: STDOUT_FILENO) }, note: { write($0, to: STDERR_FILENO) },
      answerIsTerminal: isatty(STDOUT_FILENO) == 1, noteIsTerminal: isatty(STDERR_FILENO) == 1,
      environment: environment)
  }

  func answerLine(_ text: String) { answer(text + "\n") }
  func noteLine(_ text: String) { note(text + "\n") }
}

/// Whole or until the reader is gone; there is nobody left to tell then.
private func write(_ text: String, to descriptor: Int32) {
  var text = text
  text.withUTF8 { bytes in
    var rest = bytes[...]
    while !rest.isEmpty {
      let part = UnsafeBufferPointer(rebasing: rest)
      let count = Glibc.write(descriptor, part.baseAddress, part.count)
      if count < 0 {
        if errno == EINTR { continue }
        return
      }
      rest = rest.dropFirst(count)
    }
  }
}
