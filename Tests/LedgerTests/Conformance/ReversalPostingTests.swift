import Billing
import Ledger
import Testing

@Suite struct ReversalPostingTests {
  private func reversal(_ amountMinor: Int64, reference: String = "bank-1") throws -> Transaction {
    try Transaction(
      kind: .paymentReversal, account: "meter-1", currency: chf, reference: reference,
      entries: [
        Entry(.cash, -amountMinor),
        Entry(.receivable, amountMinor, invoice: "2026-11/meter-1"),
      ])
  }

  @Test(arguments: Implementation.all)
  func `An invoice is open again when its payment is taken back`(_ store: Implementation)
    async throws
  {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      _ = try await store.issue()
      _ = try await store.commit(change("p", .post(try paying(1081))))
      let paid = try await store.facts(invoice: "2026-11/meter-1")
      #expect(paid.invoice?.status == .paid)
      let posting = try await store.incoming(.payment, reference: "bank-1")
      #expect(posting.map(\.account) == ["meter-1"])
      #expect(posting.map(\.amountMinor) == [1081])
      #expect(posting.map(\.isReversed) == [false])

      let taken = try reversal(1081)
      #expect(try await store.commit(change("r", .post(taken))) == .committed([]))
      let open = try await store.facts(invoice: "2026-11/meter-1")
      #expect(open == (try paid.after(taken)))
      #expect(open.invoice?.status == .open)
      #expect((open.balanceMinor, open.invoice?.openMinor) == (1081, 1081))
      #expect(try await store.incoming(.payment, reference: "bank-1").map(\.isReversed) == [true])
      #expect(
        try await store.commit(change("again", .post(taken))) == .stale(.referencePosted("bank-1")))
      #expect(try await store.problems() == [])
      let totals = try #require(try await store.totals(november).first)
      #expect((totals.collectedMinor, totals.outstandingMinor) == (0, 1081))
      let conserved = try #require(try await store.conservation(november).first)
      #expect((conserved.paidMinor, conserved.closingMinor) == (0, 1081))
      #expect(conserved.broken.total == 0)
    }
  }

  @Test(arguments: Implementation.all)
  func `A reference belongs to one account`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount(), sampleAccount("other"))
      _ = try await store.commit(
        change("a", .post(try paying(1000, invoice: nil, reference: "r"))))
      let other = try paying(5, account: "other", invoice: nil, reference: "r")
      #expect(
        try await store.commit(change("b", account: "other", .post(other)))
          == .stale(.referenceOfAnother("r", account: "meter-1")))
      #expect(try await store.owner(of: "r", .payment) == "meter-1")
      #expect(try await store.owner(of: "r", .creditGrant) == nil)
      let grant = try Transaction.incoming(
        .creditGrant, from: .creditsGranted, amountMinor: 300, reference: "r",
        account: sampleAccount("other"), open: [])
      #expect(
        try await store.commit(change("c", account: "other", .post(grant))) == .committed([]),
        "a credit's reference is another matter")
    }
  }

  /// Both in one batch, where neither finds the other.
  @Test(arguments: Implementation.all)
  func `One reference for two accounts at once is one posting`(_ store: Implementation) async throws
  {
    try await store.withStore { store in
      try await store.add(sampleAccount(), sampleAccount("other"))
      let changes = [
        change("a", .post(try paying(7, invoice: nil, reference: "r"))),
        change(
          "b", account: "other",
          .post(try paying(5, account: "other", invoice: nil, reference: "r"))),
      ]
      let outcomes = try await store.commit(changes, published: [])
      #expect(outcomes == [.committed([]), .stale(.referenceOfAnother("r", account: "meter-1"))])
    }
  }
}
