import Billing
import Ledger
import Testing

@Suite struct HoldAndDueWorkTests {
  private let invoice = "2026-11/meter-1"

  @Test(arguments: Implementation.all)
  func `Hold is placed once and lifted once`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      _ = try await store.issue()
      let place = Write.placeHold(account: "meter-1", invoice: invoice)
      let lift = Write.liftHold(account: "meter-1", invoice: invoice)
      #expect(try await store.commit(change("a", lift)) == .stale(.noHold(invoice)))
      #expect(try await store.commit(change("b", place)) == .committed([]))
      #expect(try await store.facts().heldForInvoice == invoice)
      #expect(try await store.commit(change("c", place)) == .stale(.holdExists(invoice)))
      #expect(try await store.commit(change("d", lift)) == .committed([]))
      #expect(try await store.facts().heldForInvoice == nil)
      #expect(try await store.commit(change("e", place)) == .committed([]), "history is kept")
    }
  }

  @Test(arguments: Implementation.all)
  func `Account stays held for its other invoice`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      _ = try await store.issue(period: october)
      _ = try await store.issue()
      for id in ["2026-10/meter-1", invoice] {
        _ = try await store.commit(change("p\(id)", .placeHold(account: "meter-1", invoice: id)))
      }
      #expect(try await store.facts().heldForInvoice == "2026-10/meter-1")
      _ = try await store.commit(
        change("l", .liftHold(account: "meter-1", invoice: "2026-10/meter-1")))
      #expect(try await store.facts().heldForInvoice == invoice)
    }
  }

  private func work(
    _ reference: String, at dueAt: Instant, kind: EventType = .dueCharge
  ) -> DueWork {
    DueWork(
      service: .charger, kind: kind, reference: reference, account: "meter-1", invoice: invoice,
      dueAt: dueAt, causationID: "cause")
  }

  private func take(
    _ store: LedgerStore, at now: Instant, limit: Int = 9
  ) async throws -> [StoredEvent] {
    try await store.takeDue(by: .charger, at: now, limit: limit) { work, facts in
      var event = sampleEvent("due:\(work.reference)")
      event.body = Array("\(facts.invoice?.openMinor ?? 0)".utf8)
      return event
    }
  }

  @Test(arguments: Implementation.all)
  func `Due work is taken once in order of time`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      _ = try await store.issue()
      let day = noon.adding(days: 3)
      _ = try await store.commit(
        change(
          "a", .schedule(work("late", at: day.adding(seconds: 5))),
          .schedule(work("early", at: day)), .schedule(work("early", at: noon)),
          .schedule(work("far", at: day.adding(days: 3)))))
      #expect(try await take(store, at: noon) == [])
      #expect(try await take(store, at: day).map(\.event.id) == ["due:early"])
      let rest = try await take(store, at: day.adding(days: 9), limit: 1)
      #expect(rest.map(\.event.id) == ["due:late"])
      #expect(rest[0].event.body == Array("1081".utf8))
      #expect(try await store.unpublished(by: .charger, before: .future, limit: 9).count == 2)
      #expect(try await store.story(of: "meter-1", period: nil)?.due.map(\.reference) == ["far"])
      _ = try await store.commit(change("b", .schedule(work("early", at: day))))
      #expect(try await take(store, at: day) == [], "taken work is not scheduled again")
    }
  }

  @Test(arguments: Implementation.all)
  func `Cancelled work is never taken`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      _ = try await store.issue()
      _ = try await store.commit(
        change(
          "a", .schedule(work("1", at: noon)), .schedule(work("2", at: noon, kind: .dueGrace))))
      _ = try await store.commit(
        change("b", .cancelDue(service: .charger, kind: .dueCharge, invoice: invoice)))
      #expect(try await take(store, at: .future).map(\.event.id) == ["due:2"])
    }
  }

  @Test(arguments: Implementation.all)
  func `Pending work of before is overdue`(_ store: Implementation) async throws {
    try await store.withStore { store in
      #expect(try await store.overdueWork(before: .future) == [:])
      try await store.add(sampleAccount())
      _ = try await store.issue()
      _ = try await store.commit(
        change("a", .schedule(work("1", at: noon)), .schedule(work("2", at: noon.adding(days: 1)))))
      #expect(try await store.overdueWork(before: noon) == [:])
      #expect(try await store.overdueWork(before: noon.adding(days: 1)) == [.charger: 1])
      #expect(try await take(store, at: noon).count == 1)
      #expect(try await store.overdueWork(before: .future) == [.charger: 1])
    }
  }

  @Test(arguments: Implementation.all)
  func `Failed announcement leaves the work pending`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      _ = try await store.issue()
      _ = try await store.commit(change("a", .schedule(work("1", at: noon))))
      await #expect(throws: MoneyError.overflow) {
        try await store.takeDue(by: .charger, at: noon, limit: 9) { _, _ in
          throw MoneyError.overflow
        }
      }
      #expect(try await take(store, at: noon).count == 1)
    }
  }
}
