/// What happened, a line each, in order, and a digest of all lines. Where nobody is going to read
/// them they are only counted, since to write them is a good part of a simulation's work.
///
/// Unchecked, because it belongs to its simulation's one thread.
final class Trace: @unchecked Sendable {
  private let isKept: Bool
  private(set) var lines: [String] = []
  private(set) var count = 0
  /// FNV-1a over all lines.
  private(set) var digest: UInt64 = 0xCBF2_9CE4_8422_2325

  init(isKept: Bool) { self.isKept = isKept }

  /// `who`: `charger/2`, the second process of the charger; empty for the world outside.
  func add(_ milliseconds: Int64, _ who: String, _ what: () -> String) {
    count += 1
    guard isKept else { return }
    let line = "\(Self.time(milliseconds)) \(who) \(what())"
    for byte in line.utf8 {
      digest = (digest ^ UInt64(byte)) &* 0x100_0000_01B3
    }
    lines.append(line)
  }

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
