import Testing

@testable import closectl

/// What is said of accounts that were parked for want of a catalog, and what brings them an
/// invoice.
@Suite struct LackingCatalogTests {
  private func line(
    accounts: Int = 2, version: Int? = nil, isRunning: Bool = true
  ) -> [String] {
    LackingCatalogs.lines(
      [
        .init(
          currency: "CHF", accounts: accounts, first: ["a", "b"], version: version,
          isRunning: isRunning)
      ], "2026-11")
  }

  private let what = "no catalog in CHF for 2026-11 when it was needed: a, b"

  @Test func `A running close takes them in once there is a catalog`() {
    #expect(
      line() == [
        "\(what) parked; import one, then closectl close start 2026-11 adds them"
      ])
    #expect(
      line(accounts: 9, version: 4) == [
        "\(what) and 7 more parked; closectl close start 2026-11 adds them with version 4"
      ])
  }

  @Test func `A closed one says what becomes of their usage`() {
    #expect(
      line(version: 4, isRunning: false) == [
        "\(what) got no invoice, and the close is closed; their usage goes on their next "
          + "invoice for a later month, without flat fees and minimums"
      ])
  }
}
