extension TopologyDifference {
  private static let absent = "missing"

  static func missing(_ what: String) -> TopologyDifference {
    TopologyDifference(what: what, expected: "declared", found: absent)
  }

  /// It is not there at all: declaring it is enough.
  public var isMissing: Bool { found == Self.absent }

  /// Reads the argument out of the broker's words, such as `PRECONDITION_FAILED - inequivalent arg
  /// 'x-queue-type' for queue 'charger' in vhost '/': received 'quorum' but current is 'classic'`.
  init(_ what: String, refusal: ChannelClosed, expected: [String: HeaderValue]) {
    guard refusal.code == 406, let argument = Self.quoted(refusal.text, after: "inequivalent arg ")
    else {
      let found = "the broker refuses: \(refusal.code) \(refusal.text)"
      self.init(what: what, expected: "declared", found: found)
      return
    }
    let parts = refusal.text.split(separator: "but current is", maxSplits: 1)
    let received =
      Self.quoted(refusal.text, after: "received ")
      ?? Self.quoted(refusal.text, after: "received the value ")
    let current = parts.count < 2 ? nil : Self.firstQuoted(parts[1])
    let wanted = expected[argument].map(\.plain) ?? received ?? "none"
    self.init(
      what: what, expected: "\(argument) = \(wanted)", found: "\(argument) = \(current ?? "none")")
  }

  private static func quoted(_ text: String, after mark: String) -> String? {
    guard let range = text.firstRange(of: "\(mark)'") else { return nil }
    let rest = text[range.upperBound...]
    return rest.firstIndex(of: "'").map { String(rest[..<$0]) }
  }

  private static func firstQuoted(_ text: Substring) -> String? {
    let parts = text.split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false)
    return parts.count == 3 ? String(parts[1]) : nil
  }
}

extension HeaderValue {
  var plain: String {
    switch self {
    case .string(let text): text
    case .integer(let number): "\(number)"
    case .boolean(let flag): "\(flag)"
    case .list(let texts): texts.joined(separator: ", ")
    }
  }
}
