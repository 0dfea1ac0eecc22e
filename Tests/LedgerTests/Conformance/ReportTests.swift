import Billing
import Ledger
import Testing

@Suite struct ReportTests {
  /// Charged in full, charged beyond what was open, paid by two thirds, below zero, with credit.
  private func fill(_ store: LedgerStore) async throws {
    try await store.add(
      sampleAccount("a"), sampleAccount("b"), sampleAccount("c"), sampleAccount("d"),
      sampleAccount("e"))
    _ = try await store.issue("c", period: october)
    for account in ["a", "b", "c"] { _ = try await store.issue(account) }
    _ = try await store.issue("d", netMinor: -1000)
    for (account, amount) in [("a", Int64(1081)), ("b", 1100)] {
      let attempt = sampleAttempt(account, amountMinor: amount)
      _ = try await store.commit(
        change(
          "c\(account)", account: account, .attempt(attempt),
          .post(try .charge(attempt, openMinor: 1081))))
    }
    let open = try await store.openInvoices(of: "c")
    let payment = try Transaction.incoming(
      .payment, from: .cash, amountMinor: 2000, reference: "bank", account: sampleAccount("c"),
      open: open)
    _ = try await store.commit(change("pc", account: "c", .post(payment)))
    _ = try await store.commit(
      change("h", account: "c", .placeHold(account: "c", invoice: "2026-11/c")))
    let grant = try Transaction.incoming(
      .creditGrant, from: .creditsGranted, amountMinor: 500, reference: "g",
      account: sampleAccount("e"), open: [])
    _ = try await store.commit(change("ge", account: "e", .post(grant)))
    let draft = sampleDraft("e")
    _ = try await store.commit(
      change(
        "ie", account: "e", .issue(draft), .post(try #require(try .issuing(draft))),
        .post(try .applyingCredit(500, to: draft.id, of: sampleAccount("e")))))
  }

  @Test(arguments: Implementation.all)
  func `Totals are conserved`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await fill(store)
      let totals = try #require(try await store.totals(november).first)
      #expect(totals.invoices == 5)
      #expect(totals.invoicedMinor == 4 * 1081 - 1081)
      #expect(totals.taxMinor == 3 * 81)
      #expect(totals.collectedByGatewayMinor == 1081 + 1100)
      #expect(totals.collectedMinor == 1081 + 1100 + 919)
      #expect(totals.creditedMinor == 500 - 1081 - 19)
      #expect(totals.outstandingMinor == (1081 - 919) + (1081 - 500))
      #expect(
        totals.outstandingMinor
          == totals.invoicedMinor - totals.creditedMinor - totals.collectedMinor)
      #expect(totals.holds == 1)
      #expect(totals.ledgerSumMinor == 0)
      #expect(totals.revenueMinor == ["electricity": 3000])
      #expect(totals.taxByRateMinor == ["MWST 0.081": 243])
      #expect(totals.taxBaseByRateMinor == ["MWST 0.081": 3000])
      let before = try #require(try await store.totals(october).first)
      #expect((before.collectedMinor, before.outstandingMinor) == (1081, 0))
      #expect(try await store.totals(november.next) == [])
    }
  }

  @Test(arguments: Implementation.all)
  func `Story tells belief finding and decision`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount("a\"\\\u{1}é"))
      let account = "a\"\\\u{1}é"
      _ = try await store.issue(account)
      let facts = try await store.facts(account, invoice: "2026-11/\(account)")
      var believed = facts.snapshot(at: noon)
      believed.balance = -7
      let decision = DecisionRecord(
        rule: "charge.partly-paid", finding: .material, explanation: "less is open",
        believed: believed, found: facts.snapshot(at: noon))
      let attempt = sampleAttempt(account)
      _ = try await store.commit(
        change(
          "m#opened", account: account, decision: decision, .attempt(attempt),
          .post(try .charge(attempt, openMinor: 1081)), events: [sampleEvent("e")]))
      let story = try #require(try await store.story(of: account, period: november))
      #expect(story.steps.map(\.messageID) == ["close.range:2026-11", "m#opened"])
      #expect(story.steps[1].decision == decision)
      #expect(story.steps[1].events.map(\.type) == ["invoice.issued.v1"])
      #expect(story.facts.invoice?.status == .paid)
      #expect(story.attempts == [attempt])
      #expect(story.transactions.map(\.kind) == ["invoice", "charge"])
      #expect(story.transactions.map(\.position) == [1, 2])
      #expect(
        story.transactions[1].entries.map(\.account) == ["gateway_clearing", "receivable"])
      #expect(try await store.story(of: "nobody", period: nil) == nil)
    }
  }

  @Test(arguments: Implementation.all)
  func `Story of a period leaves other periods out`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await fill(store)
      let story = try #require(try await store.story(of: "c", period: october))
      #expect(story.invoices.map(\.id) == ["2026-10/c"])
      #expect(story.facts.invoice?.id == "2026-10/c")
      #expect(story.transactions.map(\.kind) == ["invoice", "payment"])
      let whole = try #require(try await store.story(of: "c", period: nil))
      #expect(whole.invoices.map(\.id) == ["2026-10/c", "2026-11/c"])
      #expect(whole.transactions.count == 3)
    }
  }

  /// A credit that was granted belongs to no month, one that was used belongs to its invoice's.
  @Test(arguments: Implementation.all)
  func `Story of a period shows that period`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await fill(store)
      _ = try await store.commit(change("late", account: "e", at: noon))
      let about = try await store.facts("e", invoice: "2026-11/e").snapshot(at: noon)
      let retried = DecisionRecord(
        rule: "operator.parked-retry", finding: .material, explanation: "again", found: about)
      _ = try await store.commit(
        change("parked.retry:2026-11/e", by: .closectl, account: "e", decision: retried))
      let one = try #require(try await store.story(of: "e", period: november))
      #expect(one.transactions.map(\.kind) == ["invoice", "creditApplied"])
      #expect(one.steps.map(\.messageID) == ["ie", "parked.retry:2026-11/e"])
      let none = try #require(try await store.story(of: "e", period: october))
      #expect(none.transactions.isEmpty && none.steps.isEmpty)
      let whole = try #require(try await store.story(of: "e", period: nil))
      #expect(whole.transactions.map(\.kind) == ["creditGrant", "invoice", "creditApplied"])
      #expect(whole.steps.map(\.messageID) == ["ge", "ie", "late", "parked.retry:2026-11/e"])
      let negative = try #require(try await store.story(of: "d", period: november))
      #expect(negative.transactions.map(\.kind) == ["invoice"])
    }
  }

  @Test(arguments: Implementation.all)
  func `Work for later is counted by service and kind`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await fill(store)
      func work(_ kind: EventType, _ account: String, _ days: Int) -> Write {
        .schedule(
          DueWork(
            service: kind == .dueCharge ? .charger : .holder, kind: kind,
            reference: "2026-11/\(account):\(days)", account: account,
            invoice: "2026-11/\(account)", dueAt: noon.adding(days: days), causationID: nil))
      }
      _ = try await store.commit(
        change(
          "w", account: "c", work(.dueCharge, "c", 3), work(.dueCharge, "c", -1),
          work(.dueGrace, "c", 7)))
      #expect(
        try await store.dueTallies(november, at: noon) == [
          DueTally(
            service: .charger, kind: .dueCharge, count: 2, overdue: 1,
            firstAt: noon.adding(days: -1)),
          DueTally(
            service: .holder, kind: .dueGrace, count: 1, overdue: 0, firstAt: noon.adding(days: 7)),
        ])
      #expect(try await store.dueTallies(october, at: noon) == [])
      let announced = try await store.takeDue(by: .charger, at: noon, limit: 5) { work, _ in
        OutgoingEvent(
          id: "due.charge:\(work.reference)", type: work.kind.rawValue, routingKey: "due.charge",
          account: work.account, period: november, body: Array("{}".utf8))
      }
      #expect(announced.count == 1)
      let story = try #require(try await store.story(of: "c", period: november))
      #expect(story.announced.map(\.reference) == ["2026-11/c:-1"])
      _ = try await store.commit(change("due.charge:2026-11/c:-1", account: "c"))
      let answered = try #require(try await store.story(of: "c", period: nil))
      #expect(answered.announced.isEmpty && answered.due.count == 2)
    }
  }
}
