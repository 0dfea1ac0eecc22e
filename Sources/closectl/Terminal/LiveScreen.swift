import Glibc
import Synchronization

/// Lines that are redrawn in place on a terminal, and a plain line every few seconds elsewhere. On
/// standard error, so that the result stays alone on standard output.
final class LiveScreen {
  static let pause = Duration.milliseconds(500)
  private static let briefEvery = Duration.seconds(5)

  private let output: Output
  private let size: @Sendable () -> (columns: Int, rows: Int)
  private var drawn = 0
  private var lastBrief: ContinuousClock.Instant?

  init(
    _ output: Output, size: @escaping @Sendable () -> (columns: Int, rows: Int) = terminalSize
  ) {
    self.output = output
    self.size = size
  }

  func show(_ lines: [String], brief: String) {
    if output.noteIsTerminal {
      redraw(lines)
    } else if lastBrief.map({ ContinuousClock.now - $0 >= Self.briefEvery }) ?? true {
      lastBrief = .now
      output.noteLine(brief)
    }
  }

  /// Takes the lines away; the result follows in their place.
  func finish() {
    if drawn > 0 { redraw([]) }
  }

  private func redraw(_ lines: [String]) {
    let size = size()
    // A line that wraps, or one that scrolls away, would throw off the cursor movement back up.
    let shown = lines.prefix(size.rows - 1).map { clipped($0, to: size.columns - 1) }
    var text = drawn > 0 ? "\u{1b}[\(drawn)A\r" : ""
    text += shown.map { "\u{1b}[K\($0)\n" }.joined()
    output.note(text + "\u{1b}[J")
    drawn = shown.count
  }
}

/// Clips to this many cells; escape sequences take none and are kept whole.
func clipped(_ text: String, to cells: Int) -> String {
  var result = ""
  var used = 0
  var isEscape = false
  for character in text {
    if character == "\u{1b}" { isEscape = true }
    let takes = isEscape ? 0 : width(of: String(character))
    if used + takes > cells { continue }
    result.append(character)
    used += takes
    if isEscape, character == "m" { isEscape = false }
  }
  return result
}

func terminalSize() -> (columns: Int, rows: Int) {
  var size = winsize()
  let isKnown = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0
  return (
    isKnown && size.ws_col > 1 ? Int(size.ws_col) : 80,
    isKnown && size.ws_row > 1 ? Int(size.ws_row) : 24
  )
}

/// One line of progress on a terminal, redrawn in place; nothing at all elsewhere.
final class ProgressBar: Sendable {
  private static let pause = Duration.milliseconds(100)
  private let output: Output
  private let title: String
  private let things: String
  private let drawnAt = Mutex<ContinuousClock.Instant?>(nil)

  init(_ title: String, _ output: Output, counting things: String = "rows") {
    self.title = printable(title)
    self.things = things
    self.output = output
  }

  func show(_ progress: FeedProgress) {
    guard output.noteIsTerminal else { return }
    drawnAt.withLock { drawnAt in
      let now = ContinuousClock.now
      if let last = drawnAt, now - last < Self.pause { return }
      drawnAt = now
      let bar = progress.part.map { Self.bar($0) + " " } ?? ""
      output.note("\r\u{1b}[K\(title) \(bar)\(grouped(progress.rows)) \(things)")
    }
  }

  /// Clears the line for the next message.
  func finish() {
    guard output.noteIsTerminal else { return }
    drawnAt.withLock { if $0 != nil { output.note("\r\u{1b}[K") } }
  }

  /// `[########............]  40 %`
  static func bar(_ part: Double, width: Int = 24) -> String {
    let part = min(1, max(0, part))
    let full = Int((part * Double(width)).rounded(.down))
    let percent = String(Int((part * 100).rounded(.down)))
    return "[" + String(repeating: "#", count: full)
      + String(repeating: ".", count: width - full)
      + "] " + padded(percent, to: 3, .right) + " %"
  }
}
