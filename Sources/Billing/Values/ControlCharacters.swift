extension Unicode.Scalar {
  /// What a terminal obeys, a log reader takes for the end of a line, or turns the direction of the
  /// text after it: C0, DEL and C1, line and paragraph separators, marks of direction, and the byte
  /// order mark. No text of an operator or of an imported file may hold one, and none is shown.
  ///
  /// Others ask less, or more: a catalog's names are printed on invoices and may have a direction, a
  /// message's texts keep the rule that was published, and a mail leaves out every format character.
  public var isControl: Bool {
    switch value {
    case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: true
    default: false
    }
  }
}
