import Glibc

/// Where a command writes: its result to standard output, notes for people to standard error. A
/// result that cannot be written is an `OutputFault`; a note that cannot be written is dropped.
/// Tests supply their own.
struct Output: Sendable {
  var print: @Sendable (String) throws -> Void
  var note: @Sendable (String) -> Void
  var isTerminal: Bool
  var noteIsTerminal: Bool
  var environment: [String: String]

  var style: Style { Style(isTerminal: isTerminal, environment: environment) }
  var noteStyle: Style { Style(isTerminal: noteIsTerminal, environment: environment) }

  static func standard(_ environment: [String: String]) -> Output {
    Output(
      print: { text in
        let code = write(text, to: STDOUT_FILENO)
        if code != 0 { throw OutputFault(code) }
      },
      note: { _ = write($0, to: STDERR_FILENO) },
      isTerminal: isatty(STDOUT_FILENO) == 1, noteIsTerminal: isatty(STDERR_FILENO) == 1,
      environment: environment)
  }

  func printLine(_ text: String) throws { try print(text + "\n") }
  func noteLine(_ text: String) { note(text + "\n") }
}

/// A command's output could not be written.
enum OutputFault: Error, Equatable, CustomStringConvertible {
  /// The reader has closed the pipe: `closectl … | head`.
  case readerGone
  /// What, and why.
  case unwritable(String, String)

  init(_ code: CInt) {
    let why = String(cString: strerror(code))
    self = code == EPIPE ? .readerGone : .unwritable("standard output", why)
  }

  var description: String {
    switch self {
    case .readerGone: "standard output has been closed by its reader"
    case .unwritable(let what, let why): "\(what) cannot be written: \(why)"
    }
  }
}

/// The whole text. 0, or why not.
private func write(_ text: String, to descriptor: CInt) -> CInt {
  var text = text
  return text.withUTF8 { bytes in
    var rest = bytes[...]
    while !rest.isEmpty {
      let part = UnsafeBufferPointer(rebasing: rest)
      let count = Glibc.write(descriptor, part.baseAddress, part.count)
      if count < 0 {
        if errno == EINTR { continue }
        return errno
      }
      rest = rest.dropFirst(count)
    }
    return 0
  }
}

/// Colours for a terminal, or none.
struct Style: Sendable, Equatable {
  var isColoured: Bool

  static let plain = Style(isColoured: false)

  /// On a terminal, unless `NO_COLOR` is set (to anything) or the terminal is a dumb one.
  init(isTerminal: Bool, environment: [String: String]) {
    isColoured =
      isTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
  }

  private init(isColoured: Bool) { self.isColoured = isColoured }

  func bold(_ text: String) -> String { wrap(text, 1) }
  func faint(_ text: String) -> String { wrap(text, 2) }
  func good(_ text: String) -> String { wrap(text, 32) }
  func bad(_ text: String) -> String { wrap(text, 31) }

  private func wrap(_ text: String, _ code: Int) -> String {
    isColoured && !text.isEmpty ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
  }
}
