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

  @Test func `The fields that scripts read are there`() throws {
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

  @Test func `People see stages ends and stragglers by name`() throws {
    var status = CloseStatus(try progress(finished: 4012))
    status.dead = Known(3)
    status.accountsPerSecond = 312.4
    status.expectedEnd = "2026-12-01T02:00:45Z"
    #expect(
      status.lines(style: .plain) == [
        "close 2026-11: running, started 2026-12-01T02:00:00Z",
        "[#########...............]  40 % 4,012 of 10,000 accounts finished",
        "312.4 accounts/s, should end about 2026-12-01T02:00:45Z",
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

  @Test func `One dead letter is one`() throws {
    var status = CloseStatus(try progress(finished: 4012))
    status.dead = Known(1)
    #expect(status.lines(style: .plain).contains("1 dead letter"))
  }

  @Test func `Waiting and undelivered mails are named with the server's words`() throws {
    var status = CloseStatus(try progress(finished: 4012))
    status.dead = Known(0)
    var mails = MailTroubles()
    mails.waiting = [
      .init(
        why: "554 5.7.1 to RCPT", mails: 4, since: "2026-12-01T02:00:01Z", perhapsDelivered: false),
      .init(
        why: "the connection broke", mails: 1, since: "2026-12-01T02:00:02Z",
        perhapsDelivered: true),
    ]
    mails.undelivered = 2
    mails.first = [.init(account: "m-2", kind: "invoice", why: "550 5.1.1 to RCPT")]
    status.mails = mails
    let text = status.lines(style: .plain).joined(separator: "\n")
    #expect(
      text.contains(
        "4 mails not accepted by the mail server since 2026-12-01T02:00:01Z, retrying: "
          + "554 5.7.1 to RCPT\n1 mail perhaps delivered, sent again since 2026-12-01T02:00:02Z: "
          + "the connection broke\n\n2 mails not delivered (closectl mail resend 2026-11):\n"
          + "  m-2: invoice mail, 550 5.1.1 to RCPT\n  … and 1 more"))
  }

  @Test func `Parked accounts are named with the rule and the reason`() throws {
    var progress = try progress(finished: 4012)
    progress.ends[.parked] = 12
    var status = CloseStatus(progress)
    status.dead = Known(0)
    status.parked = (1...10).map {
      .init(account: "p-\($0)", rule: "charge.gateway-rejected", why: "no such payment method")
    }
    let text = status.lines(style: .plain).joined(separator: "\n")
    #expect(
      text.contains(
        "parked, waiting for a person (closectl parked retry 2026-11):\n"
          + "  p-1: charge.gateway-rejected, no such payment method\n"))
    #expect(text.contains("  … and 2 more: closectl parked list 2026-11"))
    let parked = try document(json(status))["parked"] as? [[String: String]]
    #expect(parked?.count == 10)
    #expect(
      parked?.first
        == [
          "account": "p-1", "rule": "charge.gateway-rejected", "why": "no such payment method",
        ])
  }

  @Test func `The end is estimated from the last seconds`() throws {
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

  @Test func `Nothing moving has no end`() {
    var pace = Pace()
    for second in 0...30 { pace.add(at: Double(second), finished: 5, steps: 20) }
    #expect(pace.finishedPerSecond == 0)
    #expect(pace.secondsLeft(of: 100) == nil)
  }

  @Test func `A report has its fields in minor units`() throws {
    var totals = FinanceTotals(currency: try Currency("CHF"))
    totals.invoices = 2
    totals.invoicedMinor = 2162
    totals.collectedMinor = 1081
    totals.outstandingMinor = 1081
    totals.taxMinor = 162
    totals.revenueMinor = ["fee": 2000]
    totals.taxByRateMinor = ["MWST 0.081": 162]
    totals.taxBaseByRateMinor = ["MWST 0.081": 2000]
    let report = ReportDocument(period: try Period("2026-11"), [totals])
    let fields = (try document(json(report))["currencies"] as? [[String: Any]])?.first ?? [:]
    #expect(
      Set(fields.keys) == [
        "currency", "invoices", "invoiced", "tax", "credited", "collected", "collectedByGateway",
        "outstanding", "holds", "ledgerSum", "revenue", "taxByRate", "taxBaseByRate",
      ])
    #expect(fields["invoiced"] as? Int == 2162)
    #expect(fields["ledgerSum"] as? Int == 0)
    let lines = report.lines(style: .plain)
    #expect(lines.contains("invoiced, including tax      21.62 CHF"))
    #expect(lines.contains("tax MWST 8.1 % on 20.00 CHF   1.62 CHF"))
  }
}
