import Billing
import Ledger
import Testing

@Suite struct StorePostingTests {
  @Test(arguments: Implementation.all)
  func `Every posting moves the position by one`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      let account = sampleAccount()
      let grant = try Transaction.incoming(
        .creditGrant, from: .creditsGranted, amountMinor: 300, reference: "g", account: account,
        open: [])
      #expect(try await store.commit(change("g", .post(grant))) == .committed([]))
      var facts = try await store.facts()
      #expect((facts.position, facts.balanceMinor, facts.creditMinor) == (1, -300, 300))

      let draft = sampleDraft()
      _ = try await store.commit(
        change(
          "i", position: 1, .issue(draft), .post(try #require(try .issuing(draft))),
          .post(try .applyingCredit(300, to: draft.id, of: account))))
      facts = try await store.facts(invoice: draft.id)
      #expect((facts.position, facts.balanceMinor, facts.creditMinor) == (3, 781, 0))
      #expect(facts.invoice?.openMinor == 781)

      _ = try await store.commit(change("p", position: 3, .post(try paying(781))))
      facts = try await store.facts(invoice: draft.id)
      #expect((facts.position, facts.balanceMinor, facts.creditMinor) == (4, 0, 0))
      #expect(facts.invoice?.status == .paid)
    }
  }

  @Test(arguments: Implementation.all)
  func `Ledger and pure forecast agree`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      _ = try await store.issue()
      let before = try await store.facts(invoice: "2026-11/meter-1")
      let charge = try Transaction.charge(sampleAttempt(amountMinor: 2000), openMinor: 1081)
      _ = try await store.commit(change("c", .post(charge)))
      #expect(try await store.facts(invoice: "2026-11/meter-1") == before.after(charge))
    }
  }

  @Test(arguments: Implementation.all)
  func `Reference is posted once and its amount is found`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount(), sampleAccount("other"))
      _ = try await store.issue()
      _ = try await store.commit(change("a", .post(try paying(1000, reference: "r"))))
      let again = try await store.commit(change("b", .post(try paying(81, reference: "r"))))
      #expect(again == .stale(.referencePosted("r")))
      let twice = try await store.commit(
        change("c", .post(try paying(1, reference: "s")), .post(try paying(1, reference: "s"))))
      #expect(twice == .stale(.referencePosted("s")))
      let other = try await store.commit(
        change(
          "d", account: "other",
          .post(try paying(5, account: "other", invoice: nil, reference: "r"))))
      #expect(other == .stale(.referenceOfAnother("r", account: "meter-1")))
      #expect(try await store.posted(.payment, account: "meter-1", reference: "r") == 1000)
      #expect(try await store.posted(.payment, account: "other", reference: "r") == nil)
      #expect(try await store.posted(.creditGrant, account: "other", reference: "r") == nil)
    }
  }

  @Test(arguments: Implementation.all)
  func `Overflow and foreign currency are errors`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      // A charge that was taken is always posted.
      let most = try Transaction.charge(sampleAttempt(amountMinor: .max), openMinor: 0)
      _ = try await store.commit(change("a", .post(most)))
      await #expect(throws: LedgerRefusal.self) {
        try await store.commit(change("b", .post(try paying(2, invoice: nil, reference: "more"))))
      }
      let euro = try Transaction(
        kind: .payment, account: "meter-1", currency: try Currency("EUR"), reference: "e",
        entries: [Entry(.cash, 1), Entry(.customerCredit, -1)])
      await #expect(throws: LedgerRefusal.self) { try await store.commit(change("c", .post(euro))) }
      #expect(try await store.facts().creditMinor == .max)
    }
  }

  @Test(arguments: Implementation.all)
  func `Another account's invoice is never paid`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount(), sampleAccount("other"))
      _ = try await store.issue()
      await #expect(throws: LedgerRefusal.self) {
        try await store.commit(
          change("a", account: "other", .post(try paying(1081, account: "other"))))
      }
    }
  }
}
