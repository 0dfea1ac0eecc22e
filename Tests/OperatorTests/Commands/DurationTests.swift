import Testing

@testable import closectl

@Suite struct DurationTests {
  @Test(arguments: [
    ("8d", 691_200), ("1d12h30m15s", 131_415), ("90s", 90), ("36h", 129_600), ("0s", 0),
  ])
  func `Durations are read`(text: String, seconds: Int64) throws {
    #expect(try parseDuration(text) == seconds)
  }

  @Test(arguments: ["", "8", "d", "8 d", "1h1d", "1d1d", "-1d", "1.5d", "8w", "99999999999d"])
  func `What is no duration is refused`(text: String) {
    #expect(throws: (any Error).self) { try parseDuration(text) }
  }
}
