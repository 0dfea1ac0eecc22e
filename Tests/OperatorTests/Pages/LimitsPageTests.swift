import Billing
import Testing

@testable import Services
@testable import closectl

/// docs/limits.md: each figure of its table is the program's.
@Suite struct LimitsPageTests {
  private static let limits: [String: Int64] = [
    "amount": Money.largestMinor,
    "balance": Money.largestBalanceMinor,
    "attempts": Int64(DecisionTable<ChargeSituation, ChargeAction>.attemptLimit),
    "message": Int64(MessageGate.maxBytes),
    "message depth": Int64(MessageGate.maxDepth),
    "account_id": Int64(UsageTable.longestAccountID),
    "event_id": Int64(UsageTable.longestEventID),
    "metric": Int64(UsageTable.longestMetric),
    "source": Int64(UsageEvents.longestSource),
    "row": Int64(CSVReader.longestRecord),
    "catalog": Int64(CatalogFile.mostBytes),
    "deliveries": MonthClose.deliveryLimit,
  ]

  @Test func `Every figure is the program's own`() throws {
    let rows = try DocumentedPage("docs/limits.md").section("Figures").tables("limit").joined()
    #expect(rows.flatMap { DocumentedPage.words($0[0]) }.sorted() == Self.limits.keys.sorted())
    for row in rows {
      let digits = row[1].prefix { $0.isNumber || $0 == "," }.filter(\.isNumber)
      #expect(Int64(digits) == Self.limits[DocumentedPage.value(row[0])], "\(row[0])")
    }
  }

  @Test func `Rows of tables and events have one limit`() {
    #expect(CSVReader.longestRecord == UsageEvents.longestLine)
  }
}
