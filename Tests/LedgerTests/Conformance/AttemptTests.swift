import Billing
import Ledger
import Testing

@Suite struct AttemptTests {
  private func settled(_ state: AttemptState, number: Int = 1) -> Attempt {
    var attempt = sampleAttempt(number: number, state: state)
    attempt.gatewayID = "pi_1"
    attempt.declineCode = state == .declinedSoft ? "insufficient_funds" : nil
    attempt.rule = "charge.result"
    attempt.settledAt = noon.adding(seconds: 5)
    return attempt
  }

  @Test(arguments: Implementation.all)
  func `Attempt is settled once`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      _ = try await store.issue()
      _ = try await store.commit(change("a", decision: nil, .attempt(sampleAttempt())))
      #expect(try await store.facts(invoice: "2026-11/meter-1").attempts == [sampleAttempt()])
      let outcomes = try await store.commit(
        [
          change("b", .settle(settled(.unknown))), change("c", .settle(settled(.declinedSoft))),
          change("d", .settle(settled(.succeeded))),
        ], published: [])
      #expect(
        outcomes == [
          .committed([]), .committed([]),
          .stale(.attemptSettled(invoice: "2026-11/meter-1", number: 1)),
        ])
      let attempts = try await store.facts(invoice: "2026-11/meter-1").attempts
      #expect(attempts == [settled(.declinedSoft)])
    }
  }

  /// The charger numbers the next attempt by those that were made: what was lost is none.
  @Test(arguments: Implementation.all)
  func `Next attempt is found after one that was lost`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      _ = try await store.issue()
      let due = noon.adding(days: 3)
      let next = DueWork(
        service: .charger, kind: .dueCharge, reference: "2026-11/meter-1:2", account: "meter-1",
        invoice: "2026-11/meter-1", dueAt: due, causationID: nil)
      for changed in [
        change("a", decision: nil, .attempt(sampleAttempt())), change("b", .settle(settled(.lost))),
        change("c", decision: nil, .attempt(sampleAttempt(number: 2))),
        change("d", .settle(settled(.declinedSoft, number: 2)), .schedule(next)),
      ] {
        #expect(try await store.commit(changed) == .committed([]))
      }
      let issued = try await store.invoices(["2026-11/meter-1"])["2026-11/meter-1"]
      #expect(issued?.nextAttemptAt == due)
    }
  }

  @Test(arguments: Implementation.all)
  func `New attempt only after the last is known to have failed`(_ store: Implementation)
    async throws
  {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      _ = try await store.issue()
      _ = try await store.commit(change("a", decision: nil, .attempt(sampleAttempt())))
      let second = change("b", decision: nil, .attempt(sampleAttempt(number: 2)))
      let refused = CommitOutcome.stale(.attemptExists(invoice: "2026-11/meter-1", number: 1))
      #expect(try await store.commit(second) == refused)
      _ = try await store.commit(change("c", .settle(settled(.unknown))))
      #expect(try await store.commit(second) == refused)
      _ = try await store.commit(change("d", .settle(settled(.declinedSoft))))
      #expect(try await store.commit(second) == .committed([]))
      _ = try await store.commit(change("e", .settle(settled(.succeeded, number: 2))))
      let third = change("f", decision: nil, .attempt(sampleAttempt(number: 3)))
      #expect(
        try await store.commit(third)
          == .stale(.attemptExists(invoice: "2026-11/meter-1", number: 2)))
    }
  }

  @Test(arguments: Implementation.all)
  func `Only a parked attempt is reopened and then settled again`(_ store: Implementation)
    async throws
  {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      _ = try await store.issue()
      var attempt = sampleAttempt()
      attempt.paymentMethod = "pm_1"
      _ = try await store.commit(change("a", decision: nil, .attempt(attempt)))
      let early = try await store.commit(change("b", .reopen(attempt)))
      #expect(early == .stale(.attemptSettled(invoice: "2026-11/meter-1", number: 1)))
      _ = try await store.commit(change("c", .settle(settled(.parked))))
      #expect(try await store.commit(change("d", .reopen(attempt))) == .committed([]))
      let found = try await store.facts(invoice: "2026-11/meter-1").attempts
      #expect(found.map(\.state) == [.unknown])
      #expect(found.map(\.settledAt) == [nil])
      #expect(found.map(\.paymentMethod) == ["pm_1"])
      #expect(try await store.commit(change("e", .settle(settled(.succeeded)))) == .committed([]))
    }
  }

  @Test(arguments: Implementation.all)
  func `Key is used once`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount(), sampleAccount("other"))
      _ = try await store.issue()
      _ = try await store.issue("other")
      _ = try await store.commit(change("a", decision: nil, .attempt(sampleAttempt())))
      var other = sampleAttempt("other")
      other.key = sampleAttempt().key
      let outcome = try await store.commit(
        change("b", account: "other", decision: nil, .attempt(other)))
      #expect(outcome == .stale(.attemptExists(invoice: "2026-11/other", number: 1)))
    }
  }

  @Test(arguments: Implementation.all)
  func `Settling what was never tried is an error`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      _ = try await store.issue()
      await #expect(throws: LedgerRefusal.self) {
        try await store.commit(change("a", .settle(settled(.succeeded))))
      }
    }
  }
}
