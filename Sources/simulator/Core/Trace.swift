/// What happened, a line each, in order. The digest is of every line; the lines themselves are
/// kept only when somebody wants to read them, and else the last few.
///
/// Unchecked, because it belongs to its simulation's one thread.
final class Trace: @unchecked Sendable {
  let isKept: Bool
  private(set) var lines: [String] = []
  private(set) var count = 0
  /// FNV-1a over all lines.
  private(set) var digest: UInt64 = 0xCBF2_9CE4_8422_2325

  private static let tail = 40

  init(isKept: Bool) { self.isKept = isKept }

  /// `who`: `charger/2`, the second process of the charger; empty for the world outside.
  func add(_ milliseconds: Int64, _ who: String, _ what: @autoclosure () -> String) {
    let line = "\(Self.time(milliseconds)) \(who) \(what())"
    for byte in line.utf8 {
      digest = (digest ^ UInt64(byte)) &* 0x100_0000_01B3
    }
    count += 1
    lines.append(line)
    if !isKept && lines.count > Self.tail * 2 { lines.removeFirst(Self.tail) }
  }

  var end: ArraySlice<String> { lines.suffix(Self.tail) }

  private static func time(_ milliseconds: Int64) -> String {
    func padded(_ number: Int64, _ width: Int) -> String {
      let text = String(number)
      return String(repeating: "0", count: max(0, width - text.count)) + text
    }
    let seconds = milliseconds / 1000
    return
      "+\(seconds / 86_400)d \(padded(seconds / 3600 % 24, 2)):\(padded(seconds / 60 % 60, 2)):"
      + "\(padded(seconds % 60, 2)).\(padded(milliseconds % 1000, 3))"
  }
}
