import Billing
import Ledger
import Testing

/// Amounts near what 64 bits hold: refused at the door, and what a ledger has of former times does
/// not keep it from being read.
@Suite struct LimitTests {
  @Test(arguments: Implementation.all)
  func `An amount above the limit is refused`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      let most = try paying(Money.largestMinor, invoice: nil, reference: "most")
      #expect(try await store.commit(change("a", .post(most))) == .committed([]))
      let more = try paying(Money.largestMinor + 1, invoice: nil, reference: "more")
      await #expect(throws: LedgerRefusal.self) { try await store.commit(change("b", .post(more))) }
      #expect(try await store.problems() == [])
    }
  }

  @Test(arguments: Implementation.all)
  func `A balance above the limit is refused`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      for number in 1...100 {
        let payment = try paying(Money.largestMinor, invoice: nil, reference: "r\(number)")
        #expect(try await store.commit(change("m\(number)", .post(payment))) == .committed([]))
      }
      let more = try paying(Money.largestMinor, invoice: nil, reference: "more")
      let refusal = await #expect(throws: LedgerRefusal.self) {
        try await store.commit(change("more", .post(more)))
      }
      #expect(refusal?.reason.contains("meter-1") == true)
    }
  }

  /// What a card was charged with is posted whatever it is; a payment of 92233720368547758.07 CHF
  /// could be recorded before there was a limit.
  @Test(arguments: Implementation.all)
  func `One huge amount keeps nobody from the report`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount(), sampleAccount("other"))
      for account in ["meter-1", "other"] { _ = try await store.issue(account) }
      let attempt = sampleAttempt(amountMinor: .max)
      _ = try await store.commit(
        change("c", .attempt(attempt), .post(try .charge(attempt, openMinor: 1081))))
      _ = try await store.commit(
        change("p", account: "other", .post(try paying(81, account: "other", invoice: nil))))
      #expect(try await store.totals(november).first?.collectedByGatewayMinor == .max)
      #expect(try await store.totals(november).first?.ledgerSumMinor == 0)
      #expect(try await store.conservation(november).flatMap(\.broken.ids) == [])
      #expect(try await store.conservation(november).first?.accounts == 2)
      #expect(try await store.balanceTally().unbalanced.total == 0)
      #expect(try await store.balanceTally().unbalancedCurrencies.total == 0)
      #expect(try await store.invoiceTally(november).moved.total == 0)
      #expect(try await store.problems() == [])
      let sums = try await store.entrySums(november, upTo: try await store.position())
      #expect(sums.contains { $0.amountMinor == .max })
    }
  }

  @Test(arguments: Implementation.all)
  func `A sum that cannot be shown is named without SQL`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount(), sampleAccount("other"))
      for account in ["meter-1", "other"] {
        _ = try await store.issue(account)
        let attempt = sampleAttempt(account, amountMinor: .max)
        _ = try await store.commit(
          change(
            "c", account: account, .attempt(attempt),
            .post(try .charge(attempt, openMinor: 1081))))
      }
      let refusal = await #expect(throws: LedgerRefusal.self) {
        try await store.totals(november)
      }
      #expect(refusal?.reason.contains("minor units, too large to show") == true)
      #expect(refusal?.reason.contains("SELECT") == false)
      #expect(try await store.problems() == [])
    }
  }

  private static let most = "9000000000000000000"

  @Test(arguments: Implementation.all)
  func `Usage that does not fit is refused by row`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      let rows = [
        sampleUsage("b1", Self.most, line: 2), sampleUsage("b2", Self.most, line: 3),
        sampleUsage("b3", "-5", line: 4), sampleUsage("b4", "7", metric: "other", line: 5),
      ]
      let refused = try await store.importRows(rows).refused
      #expect(refused.map(\.line) == [3])
      #expect(refused.map(\.column) == ["quantity"])
      #expect(refused.first?.reason.contains("meter-1") == true)
      #expect(try await store.novemberFacts().usage.isEmpty)
      #expect(try await store.importRows(rows, skipBad: true).count.added == 3)
      #expect(try await store.problems() == [])
      // Over two imports, and the same rows again.
      #expect(try await store.importRows([sampleUsage("b5", Self.most)]).refused.map(\.line) == [2])
      #expect(try await store.importRows([rows[0], rows[2]]).count.unchanged == 2)
      #expect(try await store.importRows([sampleUsage("b6", "1")]).count.added == 1)
      #expect(try await store.problems() == [])
    }
  }

  /// Each is far from the limit, all of them are beyond it.
  @Test(arguments: Implementation.all)
  func `Many large rows are counted together`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      let rows = (1...12).map { sampleUsage("b\($0)", "1000000000000000000", line: $0 + 1) }
      let result = try await store.importRows(rows, skipBad: true)
      #expect(result.count.added == 9)
      #expect(result.refused.map(\.line) == [11, 12, 13])
      #expect(try await store.problems() == [])
    }
  }
}
