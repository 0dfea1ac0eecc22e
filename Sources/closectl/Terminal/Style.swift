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
