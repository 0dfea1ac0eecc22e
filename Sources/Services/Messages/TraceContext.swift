import Billing

/// Where a message stands in its trace: the W3C `traceparent`.
///
/// Everything is derived from message ids and nothing is random, so that the same decision made
/// again gives the same bytes.
public struct TraceContext: Sendable, Equatable {
  /// 32 hexadecimal digits.
  public let traceID: String
  /// 16 hexadecimal digits: this message.
  public let spanID: String
  /// Two hexadecimal digits, passed on unchanged.
  public let flags: String

  public var traceparent: String { "00-\(traceID)-\(spanID)-\(flags)" }

  /// `nil` for a value the W3C recommendation calls invalid, which is treated as absent. From a
  /// later version, the four fields known here are read.
  init?(_ text: String?) {
    guard let parts = text?.split(separator: "-", omittingEmptySubsequences: false),
      parts.count >= 4, let version = parts.first, Self.isHex(version, 2), version != "ff",
      version != "00" || parts.count == 4,
      Self.isHex(parts[1], 32), parts[1].contains(where: { $0 != "0" }),
      Self.isHex(parts[2], 16), parts[2].contains(where: { $0 != "0" }), Self.isHex(parts[3], 2)
    else { return nil }
    traceID = String(parts[1])
    spanID = String(parts[2])
    // Only the flag of version 00 is known: sampled.
    let isSampled = (UInt8(parts[3], radix: 16) ?? 0) & 1 == 1
    flags = isSampled ? "01" : "00"
  }

  private init(traceID: String, spanID: String, flags: String) {
    self.traceID = traceID
    self.spanID = spanID
    self.flags = flags
  }

  /// A trace that begins with this message. It is not sampled, because nothing here records spans;
  /// to sample, begin the trace outside.
  static func beginning(with messageID: String) -> TraceContext {
    TraceContext(
      traceID: digits(32, of: "trace \(messageID)"), spanID: digits(16, of: "span \(messageID)"),
      flags: "00")
  }

  /// The next hop: another message of the same trace, or a call outside.
  func next(_ id: String) -> TraceContext {
    TraceContext(traceID: traceID, spanID: Self.digits(16, of: "\(traceID) \(id)"), flags: flags)
  }

  private static func isHex(_ text: Substring, _ count: Int) -> Bool {
    text.utf8.count == count
      && text.utf8.allSatisfy { 0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 }
  }

  private static func digits(_ count: Int, of text: String) -> String {
    let digest = SHA256Digest()
    digest.update(text)
    let digits = digest.hexadecimal(bytes: count / 2)
    // All zeros would be invalid; it will never happen in practice.
    return digits.contains { $0 != "0" } ? digits : String(repeating: "1", count: count)
  }
}

extension Event {
  /// The position of this message; one without a usable `traceparent` begins a trace.
  public var trace: TraceContext { TraceContext(traceparent) ?? .beginning(with: id) }

  /// In the trace of the message that led to it; without one it begins its own.
  public func traced(after cause: Event?) -> Event {
    var event = self
    event.traceparent = (cause.map { $0.trace.next(id) } ?? .beginning(with: id)).traceparent
    return event
  }
}
