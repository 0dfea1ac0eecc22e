import Billing
import Foundation
import Glibc
import Ledger
import Testing

/// Figures, printed for people. They fail only when something is out of all proportion.
/// `MONTHCLOSE_MEASURE=1` measures at full size; build for release to compare.
@Suite(.serialized) struct StoreMeasurements {
  private static let isFull = getenv("MONTHCLOSE_MEASURE") != nil

  @Test func `Usage import`() async throws {
    try await withFolder { folder in
      let store = try await openStore("sqlite:\(folder.path)/store.db", migrate: true)
      let meters = Self.isFull ? 537 : 20
      let accounts = (0..<meters).map { sampleAccount("meter-\(1_000_000 + $0)") }
      _ = try await store.importAccounts(accounts.map { ($0, 1) }, at: noon)
      let readings = MeterReadings(meters: meters)
      var clock = Stopwatch()
      let result = try await store.importUsage(skipBad: false, at: noon) { readings.next() }
      clock.report("import of \(result.count.added) usage rows", per: result.count.added)
      #expect(result.count.added == meters * 2880)
      readings.rewind()
      clock = Stopwatch()
      let again = try await store.importUsage(skipBad: false, at: noon) { readings.next() }
      clock.report("the same again, unchanged", per: again.count.unchanged)
      #expect(again.count.unchanged == result.count.added)
      clock = Stopwatch()
      _ = try await store.invoicingFacts(
        accounts.prefix(50).map(\.id), period: november, eventMetrics: [])
      clock.report("invoicing facts of 50 accounts", per: 50)
      let bytes =
        try FileManager.default.attributesOfItem(
          atPath: "\(folder.path)/store.db")[.size] as? Int64
      print("  size of the store: \((bytes ?? 0) >> 20) MiB")
      try await store.close()
    }
  }

  /// The worst order for the unique key: each row belongs to another account than the one before.
  @Test func `Usage import in order of time`() async throws {
    try await withFolder { folder in
      let store = try await openStore("sqlite:\(folder.path)/store.db", migrate: true)
      let meters = Self.isFull ? 20_000 : 200
      let hours = 72
      let accounts = (0..<meters).map { sampleAccount("meter-\(1_000_000 + $0)") }
      _ = try await store.importAccounts(accounts.map { ($0, 1) }, at: noon)
      let chunks = Chunks(
        (0..<hours).map { hour in
          accounts.map { account in
            sampleUsage("\(account.id)-\(hour)", "0.\(hour + 1)", account: account.id)
          }
        })
      let clock = Stopwatch()
      let result = try await store.importUsage(skipBad: false, at: noon) { chunks.next() }
      clock.report("import of \(result.count.added) rows by time", per: result.count.added)
      #expect(result.count.added == meters * hours)
      try await store.close()
    }
  }

  @Test func `Close of a month`() async throws {
    try await withFolder { folder in
      let path = "sqlite:\(folder.path)/store.db"
      var store = try await openStore(path, migrate: true)
      let ids = (0..<(Self.isFull ? 100_000 : 640)).map { "account-\($0)" }
      var clock = Stopwatch()
      _ = try await store.importAccounts(ids.map { (sampleAccount($0), 1) }, at: noon)
      clock.report("import of \(ids.count) accounts", per: ids.count)
      clock = Stopwatch()
      let request = RunRequest(period: november, messageID: "t", rangeSize: 50, at: noon)
      _ = try await store.openRun(request) { _ in [] }
      clock.report("opening the close", per: ids.count)

      let batches = stride(from: 0, to: ids.count, by: 64).map {
        Array(ids[$0..<min($0 + 64, ids.count)])
      }
      try await time("issue, lines, posting, decision, event", batches) { batch in
        _ = try await store.commit(try batch.map(Self.issued), published: [])
      }
      try await time("facts", batches) { batch in
        _ = try await store.facts(
          for: batch.map { FactKey(account: $0, invoice: "2026-11/\($0)") })
      }
      try await time("intent", batches) { batch in
        _ = try await store.commit(batch.map(Self.intent), published: [])
      }
      var published: [Int64] = []
      try await time("charger's result", batches) { batch in
        let outcomes = try await store.commit(try batch.map(Self.charged), published: published)
        published = outcomes.flatMap(Self.sequences)
        #expect(published.count == batch.count)
      }
      clock = Stopwatch()
      #expect(try await store.progress(november)?.ends == [.paid: ids.count])
      clock.report("progress")
      clock = Stopwatch()
      _ = try await store.totals(november)
      clock.report("totals")
      clock = Stopwatch()
      #expect(try await store.problems() == [])
      clock.report("problems")
      try await store.close()
      let bytes =
        try FileManager.default.attributesOfItem(
          atPath: "\(folder.path)/store.db")[.size] as? Int64
      print("  size of the store: \((bytes ?? 0) >> 20) MiB")
      clock = Stopwatch()
      store = try await openStore(path, migrate: true)
      clock.report("opening with a quick_check")
      try await store.close()
      clock = Stopwatch()
      store = try await openStore(path, migrate: false)
      clock.report("opening")
      try await store.close()
    }
  }

  private func time(
    _ what: String, _ batches: [[String]], _ body: ([String]) async throws -> Void
  ) async throws {
    var durations: [Duration] = []
    let cpu = cpuSeconds()
    for batch in batches {
      let start = ContinuousClock.now
      try await body(batch)
      durations.append(ContinuousClock.now - start)
    }
    durations.sort()
    let median = durations[durations.count / 2]
    let slow = durations[durations.count * 99 / 100]
    let milliseconds = (cpuSeconds() - cpu) / Double(batches.count) * 1000
    print(
      "  batch of 64, \(what): median \(median), 99 % within \(slow), "
        + "processor \((milliseconds * 100).rounded() / 100) ms")
    #expect(median < .seconds(1))
  }

  private static func issued(_ account: String) throws -> Change {
    var change = try issuing(
      sampleDraft(
        account,
        billed: [
          BilledUsage(
            period: november, product: "electricity", quantity: .one, amountMinor: 1000)
        ]))
    change.expectedPosition = 0
    change.expectedUsageVersion = 0
    change.events = [event("invoice.issued:\(account)", account)]
    return change
  }

  private static func intent(_ account: String) -> Change {
    change(
      "invoice.issued:\(account)", account: account, position: 1, decision: nil,
      .attempt(sampleAttempt(account)))
  }

  private static func charged(_ account: String) throws -> Change {
    var attempt = sampleAttempt(account, state: .succeeded)
    attempt.gatewayID = "pi_3Mtw\(attempt.invoice.filter { $0.isNumber })"
    attempt.settledAt = noon
    let snapshot = Snapshot(
      account: account, position: 1, takenAt: noon, currency: chf, balance: 1081, hold: false,
      collection: .auto,
      invoice: .init(id: "2026-11/\(account)", total: 1081, open: 1081, status: .open))
    let decision = DecisionRecord(
      rule: "charge.same", finding: .same, explanation: "charged 10.81 CHF", believed: snapshot,
      found: snapshot)
    return change(
      "invoice.issued:\(account)", account: account, position: 1, decision: decision,
      .settle(attempt), .post(try .charge(attempt, openMinor: 1081)),
      .progress(account: account, period: november, reached: .all, end: .paid),
      events: [event("charge.succeeded:\(account)", account)])
  }

  private static func event(_ id: String, _ account: String) -> OutgoingEvent {
    OutgoingEvent(
      id: id, type: "charge.succeeded.v1", routingKey: "charge.succeeded", account: account,
      period: november, body: Array(repeating: 65, count: 700))
  }

  private static func sequences(_ outcome: CommitOutcome) -> [Int64] {
    if case .committed(let events) = outcome { events.map(\.sequence) } else { [] }
  }
}

/// Of the whole process: what a busy machine does not blur.
private func cpuSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

private struct Stopwatch {
  let start = ContinuousClock.now

  func report(_ what: String, per count: Int? = nil) {
    let elapsed = ContinuousClock.now - start
    let seconds = elapsed / .seconds(1)
    let rate = count.map { ", \(Int(Double($0) / seconds)) a second" } ?? ""
    print("  \(what): \(Int(seconds * 1000)) ms\(rate)")
  }
}

private final class Chunks: @unchecked Sendable {  // used by one import
  private var chunks: ArraySlice<[UsageRow]>

  init(_ chunks: [[UsageRow]]) { self.chunks = chunks[...] }

  func next() -> [UsageRow]? { chunks.popFirst() }
}

/// A month of quarter hours for each meter, in the order of a meter company's export.
private final class MeterReadings: @unchecked Sendable {  // used by one import at a time
  private let meters: Int
  private var meter = 0
  private let first = known(try Instant(rfc3339: "2026-11-01T00:00:00+01:00"))

  init(meters: Int) { self.meters = meters }

  func rewind() { meter = 0 }

  func next() -> [UsageRow]? {
    if meter == meters { return nil }
    defer { meter += 1 }
    let id = 1_000_000 + meter
    return (0..<2880).map { quarter in
      let start = first.adding(seconds: Int64(quarter) * 900)
      return UsageRow(
        eventID: "m\(id)-\(11_010_000 + quarter)", account: "meter-\(id)",
        metric: "electricity_kwh",
        quantity: ExactDecimal(coefficient: Int64(quarter % 997), scale: 3) ?? .zero,
        start: start, end: start.adding(seconds: 900), line: quarter)
    }
  }
}
