import Ledger
import Testing

@testable import Operations

@Suite struct ReplayCheckTests {
  @Test func `Every letter that moved has its record`() {
    let good = AuditCheck.replays(MovedLetterTally(letters: 3, unrecorded: Violations()))
    #expect(good.verdict == .holds)
    #expect(good.compared == 3)
    let bad = AuditCheck.replays(
      MovedLetterTally(letters: 3, unrecorded: Violations(["a of replay-1"])))
    #expect(bad.verdict == .broken)
    #expect(bad.violations.ids == ["a of replay-1"])
  }
}
