import Billing
import Ledger
import Testing

/// Months are closed in any order, usage arrives at any time in between, and some accounts are only
/// imported after a month was closed: the sum is the same to the cent, nothing is billed twice, and
/// nothing never.
@Suite struct OrderOfClosesTests {
  private static let months = known(try (8...11).map { try Period(year: 2026, month: $0) })
  private static let last = november.next

  private static func decimal(_ text: String) -> ExactDecimal {
    known(try ExactDecimal(parsing: text))
  }

  /// `ofUsage`: what is charged of a month in which the account was not a customer yet.
  private static func catalog(ofUsage: Bool = false) -> Catalog {
    let tiers = [
      Tier(upTo: decimal("10"), unit: .zero, flat: decimal("3.00")),
      Tier(upTo: nil, unit: decimal("0.10")),
    ]
    let metered = [
      Product(
        id: "api", name: "API calls", metric: "calls",
        price: Price(.perUnit(decimal("0.033")), minimum: ofUsage ? nil : decimal("1.50"))),
      Product(id: "store", name: "Storage", metric: "gb", price: Price(.graduated(tiers))),
      Product(
        id: "mail", name: "Mails", metric: "mails",
        price: Price(.package(size: decimal("20"), price: decimal("0.40")))),
    ]
    let plan = Product(id: "plan", name: "Plan", price: Price(.flat(amount: decimal("7.00"))))
    return Catalog(version: 1, currency: chf, products: metered + (ofUsage ? [] : [plan]))
  }

  private enum Step {
    case close(Period)
    case usage(UsageRow)
    case join(String)
  }

  /// A made-up half-year, the same for the same seed.
  private struct Plan {
    var steps: [Step] = []
    /// By account and month: the rows' quantities by metric.
    var used: [String: [Period: [String: Int]]] = [:]
    /// By account: the months that were closed without it.
    var missed: [String: Set<Period>] = [:]

    init(seed: UInt64) throws {
      var random = Seeded(state: seed)
      let accounts = ["a", "b", "c", "late-1", "late-2"]
      let order = OrderOfClosesTests.months.shuffled(using: &random)
      var closes = order.map(Step.close)
      for account in accounts {
        let place =
          account.hasPrefix("late") ? Int.random(in: 0...closes.count, using: &random) : 0
        closes.insert(.join(account), at: place)
      }
      steps = closes
      for account in accounts {
        for month in OrderOfClosesTests.months { try addUsage(of: account, month, &random) }
      }
      var closed: Set<Period> = []
      for step in steps {
        switch step {
        case .close(let period): closed.insert(period)
        case .join(let account): missed[account] = closed
        case .usage: break
        }
      }
    }

    private mutating func addUsage(
      of account: String, _ month: Period, _ random: inout Seeded
    ) throws {
      for metric in ["calls", "gb", "mails"] {
        for number in 0..<Int.random(in: 0...3, using: &random) {
          let quantity = Int.random(in: 1...60, using: &random)
          used[account, default: [:]][month, default: [:]][metric, default: 0] += quantity
          let row = sampleUsage(
            "\(month)-\(metric)-\(number)", "\(quantity)", account: account, metric: metric,
            start: "\(month)-10T10:00:00+01:00")
          let joined = steps.firstIndex { if case .join(account) = $0 { true } else { false } }
          let place = Int.random(in: ((joined ?? 0) + 1)...steps.count, using: &random)
          steps.insert(.usage(row), at: place)
        }
      }
    }

    /// Every month billed once, with all of its usage; of a month that was closed without the
    /// account the usage alone.
    func expected(_ account: String) throws -> Int64 {
      var sum: Int64 = 0
      for month in OrderOfClosesTests.months + [OrderOfClosesTests.last] {
        let used = used[account]?[month] ?? [:]
        let isMissed = missed[account]?.contains(month) == true
        for product in OrderOfClosesTests.catalog(ofUsage: isMissed).products {
          let quantity = product.metric.flatMap { used[$0] }
          if isMissed && quantity == nil { continue }
          sum += try product.price.amount(quantity: ExactDecimal(quantity ?? 0))
            .roundedMinorUnits(exponent: 2)
        }
      }
      return sum
    }
  }

  @Test(arguments: Implementation.all, 1...12 as ClosedRange<UInt64>)
  func `Every order bills the same`(_ store: Implementation, _ seed: UInt64) async throws {
    let plan = try Plan(seed: seed)
    try await store.withStore { store in
      _ = try await store.importCatalog(Self.catalog(), at: noon)
      for step in plan.steps {
        switch step {
        case .join(let account): try await store.add(sampleAccount(account))
        case .usage(let row): _ = try await store.importRows([row])
        case .close(let period): try await close(period, in: store)
        }
      }
      // What came in last is corrected by the next month's invoices.
      try await close(Self.last, in: store)
      for account in plan.used.keys.sorted() {
        let billed = try await store.story(of: account, period: nil)?.invoices ?? []
        let sum = billed.map(\.totalMinor).reduce(0, +)
        #expect(sum == (try plan.expected(account)), "\(account) under seed \(seed)")
        let next = try await store.invoicingFacts(
          [account], period: Self.last.next, eventMetrics: [])[0]
        #expect(next.late.isEmpty, "\(account) under seed \(seed)")
      }
    }
  }

  /// As the invoicer does it.
  private func close(_ period: Period, in store: LedgerStore) async throws {
    let request = RunRequest(period: period, messageID: "t", rangeSize: 50, at: noon)
    _ = try await store.openRun(request) { _ in [] }
    let accounts = try await store.uninvoiced(period: period, range: 0)
    for facts in try await store.invoicingFacts(accounts, period: period, eventMetrics: []) {
      let draft = try Rating.draft(facts, period: period, catalog: Self.catalog())
      var change = try issuing(draft)
      change.expectedPosition = facts.facts.position
      change.expectedUsageVersion = facts.facts.usageVersion
      #expect(try await store.commit(change) == .committed([]))
    }
  }
}
