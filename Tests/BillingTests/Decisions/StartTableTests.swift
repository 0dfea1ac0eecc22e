import Testing

@testable import Billing

/// Which months a trigger may close, in the order of the table.
@Suite struct StartTableTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var month: String
    var now = "2026-12-01T02:00:00Z"
    var zones = ["Europe/Zurich"]
    var accounts = 1
    var early = false
    var past = false
    var hasUsage = true
    var hasCatalog = true
    var isStarted = false
    var late = 0
    var isLateMeant = true
    var monthsBack = 3
    var catalogAt = "2026-01-15T00:00:00Z"
    var rule: String
    var testDescription: String { "\(month) at \(now): \(rule)" }
  }

  static let cases = [
    Case(month: "2026-11", rule: "close.start"),
    Case(month: "2099-01", isStarted: true, rule: "close.exists"),
    Case(month: "2026-11", isStarted: true, late: 2, rule: "close.late-accounts"),
    Case(month: "2026-11", isStarted: true, late: 2, isLateMeant: false, rule: "close.exists"),
    Case(
      month: "2026-12", hasCatalog: false, isStarted: true, late: 1, rule: "close.late-accounts"),
    Case(month: "2099-01", hasCatalog: false, rule: "close.no-catalog"),
    // Not over.
    Case(month: "2026-12", rule: "close.not-over"),
    Case(month: "2026-12", past: true, rule: "close.not-over"),
    Case(month: "2026-12", early: true, rule: "close.start-early"),
    Case(month: "2031-05", rule: "close.not-begun"),
    Case(month: "2099-01", early: true, past: true, rule: "close.not-begun"),
    Case(
      month: "2026-11", now: "2026-11-30T22:59:59Z", rule: "close.not-over"),
    Case(month: "2026-11", now: "2026-11-30T23:00:00Z", rule: "close.start"),
    Case(month: "2026-11", zones: ["Europe/Zurich", "America/New_York"], rule: "close.not-over"),
    Case(
      month: "2026-11", now: "2026-12-01T05:00:00Z",
      zones: ["Europe/Zurich", "America/New_York"], rule: "close.start"),
    Case(
      month: "2026-12", now: "2026-11-30T12:00:00Z", zones: ["Pacific/Auckland"], early: true,
      rule: "close.start-early"),
    // A close of nobody would be closed at once, and nobody who comes later would be in it.
    Case(month: "2026-11", zones: [], accounts: 0, rule: "close.no-accounts"),
    Case(month: "2026-08", zones: [], accounts: 0, past: true, rule: "close.no-accounts"),
    Case(month: "2026-12", zones: [], accounts: 0, early: true, rule: "close.no-accounts"),
    Case(month: "2026-11", zones: [], accounts: 0, isStarted: true, rule: "close.exists"),
    // Without an account nobody's zone counts.
    Case(month: "2026-12", zones: [], accounts: 0, rule: "close.not-over"),
    // Long ago.
    Case(month: "2026-09", rule: "close.start"),
    Case(month: "2026-08", rule: "close.too-old"),
    Case(month: "2026-08", early: true, rule: "close.too-old"),
    Case(month: "2026-08", past: true, rule: "close.start-past"),
    Case(month: "2026-08", monthsBack: 4, rule: "close.start"),
    Case(month: "1971-01", rule: "close.too-old"),
    Case(month: "1971-01", past: true, rule: "close.start-past"),
    // Before the ledger's first month. The last month is never that.
    Case(month: "2026-11", hasUsage: false, catalogAt: "2026-12-01T01:00:00Z", rule: "close.start"),
    Case(
      month: "2026-10", hasUsage: false, catalogAt: "2026-12-01T01:00:00Z",
      rule: "close.before-first"),
    Case(
      month: "2026-10", past: true, hasUsage: false, catalogAt: "2026-12-01T01:00:00Z",
      rule: "close.start-past"),
    Case(month: "2026-10", hasUsage: true, catalogAt: "2026-12-01T01:00:00Z", rule: "close.start"),
    Case(month: "2026-10", hasUsage: false, rule: "close.start"),
  ]

  @Test(arguments: cases) func `The first row that applies decides`(_ item: Case) throws {
    let situation = try StartSituation(
      Period(item.month), at: Instant(rfc3339: item.now),
      StartPermission(isEarly: item.early, isPast: item.past, isLate: item.isLateMeant),
      monthsBack: item.monthsBack,
      StartFacts(
        isStarted: item.isStarted, late: item.late, hasCatalog: item.hasCatalog,
        accounts: item.accounts, zones: item.zones, hasUsage: item.hasUsage,
        firstCatalogAt: Instant(rfc3339: item.catalogAt)))
    let decision = situation.decide()
    #expect(decision.rule == item.rule)
    #expect(decision.isException == item.rule.hasPrefix("close.start-"))
    if let refusal = StartRefusal(rule: item.rule) {
      #expect(decision.action == .refuse(refusal))
    } else {
      #expect(!"\(decision.action)".hasPrefix("refuse"))
    }
    switch item.rule {
    case "close.not-begun", "close.not-over": #expect(decision.action == .refuse(.notOver))
    case "close.too-old", "close.before-first": #expect(decision.action == .refuse(.tooOld))
    case "close.no-accounts": #expect(decision.action == .refuse(.noAccounts))
    case "close.late-accounts": #expect(decision.action == .takeIn && decision.isRecorded)
    case "close.exists": #expect(decision.action == .resume)
    case "close.no-catalog": #expect(decision.action == .wait)
    default: #expect(decision.action == .start)
    }
  }

  @Test func `Every row is reached`() {
    #expect(Set(Self.cases.map(\.rule)) == Set(DecisionTable.start.rows.map(\.rule)))
  }
}
