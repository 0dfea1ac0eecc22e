import Foundation
import Testing

@testable import sandbox

struct SandboxClockTests {
  /// One clock, as its file is written again and again.
  @Test func `The file moves the clock and nonsense does not`() throws {
    let file = FileManager.default.temporaryDirectory
      .appendingPathComponent("clock-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: file) }
    let clock = SandboxClock(file: file, pauseMilliseconds: 0)
    let cases: [(text: String?, hours: Int64)] = [
      (nil, 0), ("", 0), ("7200\n", 2), ("", 2), ("1.5", 2), ("99999999999999999999", 2),
      ("99999999999999", 2), (" -3600 ", -1), ("0", 0),
    ]
    for (text, hours) in cases {
      try text?.write(toFile: file, atomically: false, encoding: .utf8)
      let machine = Int64(Date().timeIntervalSince1970 * 1_000)
      let moved = clock.now().milliseconds - machine
      #expect(abs(moved - hours * 3_600_000) < 60_000, "\(text ?? "no file")")
    }
  }
}
