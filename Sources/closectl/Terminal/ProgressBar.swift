import Synchronization

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
