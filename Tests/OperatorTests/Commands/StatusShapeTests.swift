import Billing
import Ledger
import Testing

@testable import closectl

@Suite struct StatusShapeTests {
  private func progress(finished: Int) throws -> Progress {
    let run = CloseRun(
      period: try Period("2026-11"), state: .running, requestedBy: "close-2026-11",
      startedAt: try Instant(rfc3339: "2026-12-01T02:00:00Z"), closedAt: nil, expected: 10_000,
      ranges: 200, rangeSize: 50)
    return Progress(
      run: run, finished: finished,
      milestones: [
        "invoiced": 10_000, "settled": 8000, "invoice_mailed": 9000, "outcome_mailed": 5000,
      ],
      ends: [.paid: 4000, .retryScheduled: 12],
      stragglers: [.init(account: "m-1", reached: [.invoiced, .invoiceMailed])])
  }

  @Test func theFieldsScriptsReadAreThere() throws {
    var status = CloseStatus(try progress(finished: 4012))
    status.dead = Known(3)
    let document = try document(json(status))
    #expect(document["period"] as? String == "2026-11")
    #expect(document["state"] as? String == "running")
    #expect(
      document["accounts"] as? [String: Int]
        == ["expected": 10_000, "finished": 4012, "remaining": 5988])
    #expect((document["stages"] as? [String: Int])?["settled"] == 8000)
    #expect(document["stragglers"] as? [String] == ["m-1"])
    #expect(document["dead"] as? Int == 3)
  }

  @Test func peopleSeeStagesEndsAndStragglersByName() throws {
    var status = CloseStatus(try progress(finished: 4012))
    status.dead = Known(3)
    status.accountsPerSecond = 312.4
    status.expectedEnd = "2026-12-01T02:00:45Z"
    #expect(
      status.lines(style: .plain) == [
        "close 2026-11: running, started 2026-12-01T02:00:00Z",
        "[#########...............]  40 % 4,012 of 10,000 accounts finished",
        "312.4 accounts/s, ends about 2026-12-01T02:00:45Z",
        "",
        "stage           accounts    end              accounts",
        "invoiced          10,000    paid                4,000",
        "settled            8,000    retry scheduled        12",
        "invoice mailed     9,000",
        "outcome mailed     5,000",
        "3 dead letters",
        "",
        "waiting for:",
        "  m-1: settlement, outcome mail",
        "  … and 5,987 more",
      ])
  }

  @Test func theEndIsEstimatedFromTheLastSeconds() throws {
    var pace = Pace()
    #expect(pace.finishedPerSecond == nil)
    for second in 0...20 {
      // Slow for ten seconds, then ten times as fast.
      let steps = second <= 10 ? 100 * second : 1000 + 1000 * (second - 10)
      pace.add(at: Double(second), finished: steps / 4, steps: steps)
    }
    #expect(pace.finishedPerSecond == 250)
    #expect(pace.secondsLeft(of: 21_000) == 10)
  }

  @Test func nothingMovingHasNoEnd() {
    var pace = Pace()
    for second in 0...30 { pace.add(at: Double(second), finished: 5, steps: 20) }
    #expect(pace.finishedPerSecond == 0)
    #expect(pace.secondsLeft(of: 100) == nil)
  }

  @Test func aReportHasItsFieldsInMinorUnits() throws {
    var totals = FinanceTotals(currency: try Currency("CHF"))
    totals.invoices = 2
    totals.invoicedMinor = 2162
    totals.collectedMinor = 1081
    totals.outstandingMinor = 1081
    totals.taxMinor = 162
    totals.revenueMinor = ["fee": 2000]
    totals.taxByRateMinor = ["MWST 0.081": 162]
    let report = ReportDocument(period: try Period("2026-11"), [totals])
    let fields = (try document(json(report))["currencies"] as? [[String: Any]])?.first ?? [:]
    #expect(
      Set(fields.keys) == [
        "currency", "invoices", "invoiced", "tax", "credited", "collected", "collectedByGateway",
        "outstanding", "holds", "ledgerSum", "revenue", "taxByRate",
      ])
    #expect(fields["invoiced"] as? Int == 2162)
    #expect(fields["ledgerSum"] as? Int == 0)
    #expect(report.lines(style: .plain).contains("invoiced, tax included  21.62 CHF"))
  }
}
