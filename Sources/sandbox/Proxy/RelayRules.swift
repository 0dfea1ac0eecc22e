/// Decides what happens to the bytes of one connection. Pure: a `Relay` carries it out.
struct RelayRules: Sendable, Equatable {
  /// What happens to bytes that arrived.
  struct Passage: Sendable, Equatable {
    var forward = 0
    var swallowed = 0
    var delayMilliseconds = 0
    var then: Ending?
  }

  enum Ending: Sendable, Equatable {
    case cut
    case halfClose(Way)
  }

  private(set) var mode: ProxyMode
  /// Bytes swallowed on a connection cannot be brought back: when the silence ends, so does it, as
  /// with a router that forgot the connection. Bytes that were only delayed are still delivered.
  private(set) var hasLostBytes = false
  private var bytesUntilCut = 0
  private var ended: Set<Way> = []

  init(_ mode: ProxyMode) {
    self.mode = mode
    if case .cutAfter(let bytes, _) = mode { bytesUntilCut = bytes }
  }

  /// For a connection that is open when the mode changes.
  mutating func change(to new: ProxyMode) -> Ending? {
    guard new != mode else { return nil }
    mode = new
    if hasLostBytes { return .cut }
    switch new {
    case .cut: return .cut
    case .halfClose(let way): return end(way)
    case .cutAfter(let bytes, _): bytesUntilCut = bytes
    case .pass, .delay, .silence: break
    }
    return nil
  }

  mutating func arrived(_ count: Int, _ way: Way) -> Passage {
    if mode.swallows(way) || ended.contains(way) {
      hasLostBytes = hasLostBytes || mode.swallows(way)
      return Passage(swallowed: count)
    }
    switch mode {
    case .pass, .silence: return Passage(forward: count)
    case .delay(let milliseconds):
      return Passage(forward: count, delayMilliseconds: milliseconds)
    case .cut: return Passage(swallowed: count, then: .cut)
    case .halfClose(let closed):
      return Passage(forward: count, then: way == .toServer ? end(closed) : nil)
    case .cutAfter(_, let counted):
      guard way == counted else { return Passage(forward: count) }
      let forward = min(count, bytesUntilCut)
      bytesUntilCut -= forward
      return Passage(
        forward: forward, swallowed: count - forward, then: bytesUntilCut == 0 ? .cut : nil)
    }
  }

  /// The other side was not informed of an end of the connection.
  mutating func loseEnd() { hasLostBytes = true }

  private mutating func end(_ way: Way) -> Ending? {
    ended.insert(way).inserted ? .halfClose(way) : nil
  }
}
