import Billing
import Ledger
import Testing

@Suite struct AccountImportTests {
  @Test(arguments: Implementation.all)
  func `Repeated import changes nothing`(_ store: Implementation) async throws {
    try await store.withStore { store in
      let rows = [(account: sampleAccount("a"), line: 2), (account: sampleAccount("b"), line: 3)]
      let first = try await store.importAccounts(rows, at: noon)
      #expect(first.count == ImportCount(added: 2))
      #expect(try await store.importAccounts(rows, at: noon).count == ImportCount(unchanged: 2))
      #expect(try await store.facts("b").account == sampleAccount("b"))
      #expect(try await store.accountIDs(after: nil, limit: 10) == ["a", "b"])
      #expect(try await store.accountIDs(after: "a", limit: 10) == ["b"])
    }
  }

  @Test(arguments: Implementation.all)
  func `Changed fields are taken over and balances stay`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      _ = try await store.issue()
      var account = sampleAccount()
      account.collection = .manual
      account.paymentMethod = nil
      account.end = day("2026-12-15")
      let result = try await store.importAccounts([(account, 2)], at: noon)
      #expect(result.count == ImportCount(changed: 1))
      let facts = try await store.facts()
      #expect(facts.account == account)
      #expect(facts.balanceMinor == 1081)
      #expect(facts.position == 1)
    }
  }

  /// Only where the last attempt came to nothing and no other is to come.
  @Test(
    arguments: Implementation.all,
    [
      (AttemptState.lost, 1), (.declinedHard, 2), (.declinedSoft, 2), (.sent, nil),
      (.succeeded, nil), (.parked, nil),
    ] as [(AttemptState, Int?)])
  func `Another card has open invoices charged again`(
    _ store: Implementation, _ test: (state: AttemptState, number: Int?)
  ) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      _ = try await store.issue()
      _ = try await store.commit(
        change("a", decision: nil, .attempt(sampleAttempt(state: test.state))))
      var account = sampleAccount()
      account.collection = .auto
      account.paymentMethod = "pm_other"
      _ = try await store.importAccounts([(account, 2)], at: noon)
      _ = try await store.importAccounts([(account, 2)], at: noon.adding(seconds: 1))
      let due = try await store.story(of: "meter-1", period: nil)?.due ?? []
      #expect(due.map(\.service) == (test.number == nil ? [] : [.charger]))
      #expect(
        due.map(\.reference) == test.number.map { ["2026-11/meter-1#card@\(noon.rfc3339):\($0)"] }
          ?? [])
    }
  }

  @Test(arguments: Implementation.all)
  func `Currency of a billed account is refused by line`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount(), sampleAccount("new"))
      _ = try await store.issue()
      let euro = try Currency("EUR")
      let result = try await store.importAccounts(
        [(sampleAccount("new", currency: euro), 2), (sampleAccount(currency: euro), 3)], at: noon)
      #expect(result.refused.map(\.line) == [3])
      #expect(result.refused.map(\.column) == ["currency"])
      #expect(result.count == ImportCount())
      #expect(try await store.facts("new").account.currency == chf, "nothing of it is kept")
    }
  }

  @Test(arguments: Implementation.all)
  func `Same id with other content in one file is refused`(_ store: Implementation) async throws {
    try await store.withStore { store in
      var other = sampleAccount()
      other.holdAfterDays = 30
      let result = try await store.importAccounts(
        [(sampleAccount(), 2), (sampleAccount(), 3), (other, 4)], at: noon)
      #expect(result.refused.map(\.line) == [4])
      #expect(result.refused[0].reason.contains("line 2"))
      #expect(try await store.facts(for: [FactKey(account: "meter-1", invoice: nil)]) == [nil])
    }
  }

  @Test(arguments: Implementation.all)
  func `Unknown time zone is refused`(_ store: Implementation) async throws {
    try await store.withStore { store in
      let result = try await store.importAccounts(
        [(sampleAccount(timeZone: "Europe/Zürich"), 2)], at: noon)
      #expect(result.refused.map(\.column) == ["timezone"])
    }
  }
}
