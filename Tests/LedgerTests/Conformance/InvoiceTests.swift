import Billing
import Ledger
import Testing

@Suite struct InvoiceTests {
  @Test(arguments: Implementation.all)
  func `Numbers are sequential without gaps`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount("a"), sampleAccount("b"), sampleAccount("c"))
      _ = try await store.issue("a")
      let broken = change(
        "x", account: "b", .issue(sampleDraft("b")),
        .post(try paying(-5, account: "b", invoice: nil)))
      await #expect(throws: LedgerRefusal.self) { try await store.commit(broken) }
      _ = try await store.commit(
        [issuing(sampleDraft("a")), issuing(sampleDraft("b")), issuing(sampleDraft("c"))],
        published: [])
      var numbers: [Int64?] = []
      for account in ["a", "b", "c"] {
        numbers.append(
          try await store.facts(account, invoice: "2026-11/\(account)").invoice?.number)
      }
      #expect(numbers == [1, 2, 3])
    }
  }

  @Test(arguments: Implementation.all)
  func `Issued invoice is read back as it was`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      var draft = sampleDraft(billed: [
        BilledUsage(
          period: november, product: "electricity",
          quantity: try ExactDecimal(parsing: "12.345"), amountMinor: 1000)
      ])
      draft.lines.append(
        InvoiceLine(
          product: "fee", text: "Fee, \"quoted\" \u{1F600}", quantity: nil, unit: nil,
          amountMinor: 0, taxName: nil, taxRate: nil, correctsPeriod: october))
      _ = try await store.commit(issuing(draft))
      let found = try await store.invoices([draft.id])[draft.id]
      #expect(found?.draft == draft)
      #expect(
        found?.facts
          == InvoiceFacts(
            id: draft.id, number: 1, account: "meter-1", period: november, currency: chf,
            totalMinor: 1081, openMinor: 1081, status: .open, issuedAt: noon))
      #expect(try await store.invoices(["2026-12/meter-1"])["2026-12/meter-1"] == nil)
    }
  }

  /// Total, open, status and balance after issue.
  @Test(
    arguments: Implementation.all,
    [
      (net: Int64(1000), open: Int64(1081), status: InvoiceStatus.open, balance: Int64(1081)),
      (net: 0, open: 0, status: .paid, balance: 0),
      (net: -1000, open: 0, status: .paid, balance: -1081),
    ])
  func `Open amount follows from the entries`(
    _ store: Implementation,
    _ expected: (net: Int64, open: Int64, status: InvoiceStatus, balance: Int64)
  ) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      _ = try await store.issue(netMinor: expected.net)
      let facts = try await store.facts(invoice: "2026-11/meter-1")
      #expect(facts.invoice?.openMinor == expected.open)
      #expect(facts.invoice?.status == expected.status)
      #expect(facts.balanceMinor == expected.balance)
      #expect(facts.creditMinor == max(0, -expected.balance))
      let open = try await store.openInvoices(of: "meter-1")
      #expect(open.map(\.status) == (expected.status == .open ? [.open] : []))
    }
  }

  @Test(arguments: Implementation.all)
  func `Invoice of another account is not shown`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount(), sampleAccount("other"))
      _ = try await store.issue()
      #expect(try await store.facts("other", invoice: "2026-11/meter-1").invoice == nil)
      let keys = [
        FactKey(account: "other", invoice: nil), FactKey(account: "nobody", invoice: nil),
        FactKey(account: "meter-1", invoice: "2026-11/meter-1"),
      ]
      let facts = try await store.facts(for: keys)
      #expect(facts.map { $0?.account.id } == ["other", nil, "meter-1"])
      #expect(facts[2]?.invoice?.openMinor == 1081)
    }
  }

  @Test(arguments: Implementation.all)
  func `Open invoices come oldest first`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await store.add(sampleAccount())
      _ = try await store.issue(period: october)
      _ = try await store.issue()
      #expect(
        try await store.openInvoices(of: "meter-1").map(\.id)
          == ["2026-10/meter-1", "2026-11/meter-1"])
    }
  }
}
