extension Unicode.Scalar {
  /// Whether a terminal obeys it, a log reader takes it for the end of a line, or it turns the
  /// direction of the text after it: C0, DEL and C1, line and paragraph separators, marks of
  /// direction, and the byte order mark. An operator's text and an imported file may hold none, and
  /// none is shown.
  ///
  /// Other rules are narrower or wider: a catalog's names are printed on invoices and may set their
  /// direction, a message's texts keep the published rule, and a mail drops all format characters.
  public var isControl: Bool {
    switch value {
    case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: true
    default: false
    }
  }
}
