import Billing
import Ledger
import Testing

@Suite struct CommitTests {
  @Test(arguments: Implementation.all)
  func `Moved position is stale and writes nothing`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      _ = try await store.issue()
      let outcome = try await store.commit(
        change("m", position: 0, .post(try paying(1081)), events: [sampleEvent("e")]))
      #expect(outcome == .stale(.position(found: 1)))
      #expect(try await store.facts().balanceMinor == 1081)
      #expect(try await store.answered(["m"], by: .charger) == [:])
      #expect(try await store.unpublished(by: .charger, before: .future, limit: 10) == [])
    }
  }

  @Test(arguments: Implementation.all)
  func `Answered message is not answered again`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount(), sampleAccount("other"))
      _ = try await store.issue()
      let payment = change("m", .post(try paying(1081)), events: [sampleEvent("e")])
      guard case .committed(let events) = try await store.commit(payment) else {
        Issue.record("the first is committed")
        return
      }
      #expect(events.map(\.event) == [sampleEvent("e")])
      #expect(try await store.commit(payment) == .alreadyDone(events))
      #expect(try await store.answered(["m", "n"], by: .charger) == ["m": events])
      #expect(try await store.answered(["m"], by: .mailer) == [:])

      #expect(try await store.commit([], published: events.map(\.sequence)) == [])
      #expect(try await store.commit(payment) == .alreadyDone([]))
      #expect(try await store.answered(["m"], by: .charger) == ["m": []])
      let forOther = try await store.commit(change("m", account: "other"))
      #expect(forOther == .committed([]), "another account of the same message")
      #expect(try await store.facts().position == 2)
    }
  }

  @Test(arguments: Implementation.all)
  func `Intent leaves the message unanswered`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      _ = try await store.issue()
      let intent = change("m", decision: nil, .attempt(sampleAttempt()))
      #expect(try await store.commit(intent) == .committed([]))
      #expect(try await store.answered(["m"], by: .charger) == [:])
      #expect(
        try await store.commit(intent)
          == .stale(.attemptExists(invoice: "2026-11/meter-1", number: 1)))
    }
  }

  @Test(arguments: Implementation.all)
  func `Later changes of a batch see earlier ones`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      let outcomes = try await store.commit(
        [
          issuing(sampleDraft()), issuing(sampleDraft()),
          change("n", position: 1, .issue(sampleDraft())),
          change("p", position: 1, .post(try paying(81, reference: "one"))),
          change("q", position: 1, .post(try paying(81, reference: "two"))),
          change("r", .post(try paying(1000, reference: "one"))),
          change("s", position: 2, .post(try paying(1000, reference: "three"))),
        ], published: [])
      #expect(
        outcomes == [
          .committed([]), .alreadyDone([]), .stale(.invoiceExists("2026-11/meter-1")),
          .committed([]), .stale(.position(found: 2)), .stale(.referencePosted("one")),
          .committed([]),
        ])
      let facts = try await store.facts(invoice: "2026-11/meter-1")
      #expect(facts.position == 3)
      #expect(facts.invoice?.status == .paid)
    }
  }

  @Test(arguments: Implementation.all)
  func `Error undoes the whole batch`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount(), sampleAccount("other"))
      await #expect(throws: LedgerRefusal.self) {
        try await store.commit(
          [
            issuing(sampleDraft("other")),
            change("m", .post(try paying(-50, invoice: nil))),  // more credit than there is
          ], published: [])
      }
      #expect(try await store.facts("other").position == 0)
      _ = try await store.issue("other")
      #expect(try await store.facts("other", invoice: "2026-11/other").invoice?.number == 1)
    }
  }

  @Test(arguments: Implementation.all)
  func `Unknown accounts and invoices are named`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      let outcomes = try await store.commit(
        [
          change("a", account: "nobody"),
          change("b", .post(try paying(1))),
          change("c", .attempt(sampleAttempt())),
          change("d", .placeHold(account: "meter-1", invoice: "2026-11/meter-1")),
          change("e", account: nil, .issue(sampleDraft("nobody"))),
          change("f", .progress(account: "nobody", period: november, reached: .all, end: .paid)),
        ], published: [])
      #expect(
        outcomes == [
          .stale(.unknownAccount("nobody")), .stale(.unknownInvoice("2026-11/meter-1")),
          .stale(.unknownInvoice("2026-11/meter-1")), .stale(.unknownInvoice("2026-11/meter-1")),
          .stale(.unknownAccount("nobody")), .committed([]),
        ])
    }
  }

  @Test(arguments: Implementation.all)
  func `Nothing to commit is nothing`(_ store: Implementation) async throws {
    try await store.withStore { store in
      let outcomes = try await store.commit([], published: [])
      #expect(outcomes == [])
    }
  }
}

extension Instant {
  static let future = Instant(milliseconds: .max)
}
