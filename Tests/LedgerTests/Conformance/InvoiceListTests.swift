import Billing
import Ledger
import Testing

@Suite struct InvoiceListTests {
  private func fill(_ store: LedgerStore) async throws {
    try await store.add(sampleAccount("a"), sampleAccount("b"), sampleAccount("c"))
    _ = try await store.issue("a", period: october)
    for account in ["c", "a", "b"] { _ = try await store.issue(account) }
    let payment = try paying(1081, account: "a", invoice: "2026-11/a")
    _ = try await store.commit(
      change("q", account: "a", .post(payment), at: noon.adding(seconds: 60)))
  }

  @Test(arguments: Implementation.all)
  func `Invoices of a month are listed by number in pages`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await fill(store)
      func ids(
        _ status: InvoiceStatus? = nil, after number: Int64 = 0, limit: Int = 10
      ) async throws -> [String] {
        try await store.listedInvoices(november, status: status, after: number, limit: limit)
          .map(\.facts.id)
      }
      #expect(try await ids() == ["2026-11/c", "2026-11/a", "2026-11/b"])
      #expect(try await ids(limit: 2) == ["2026-11/c", "2026-11/a"])
      #expect(try await ids(after: 3, limit: 2) == ["2026-11/b"])
      #expect(try await ids(.open) == ["2026-11/c", "2026-11/b"])
      #expect(try await ids(.paid) == ["2026-11/a"])
      #expect(try await ids(.void) == [])
      let first = try await store.listedInvoices(november, status: nil, after: 0, limit: 1).first
      #expect(first?.netMinor == 1000)
      #expect(first?.taxMinor == 81)
      #expect(first?.facts.openMinor == 1081)
    }
  }

  @Test(arguments: Implementation.all)
  func `What moved an invoice's open amount is told`(_ store: Implementation) async throws {
    try await store.withStore { store in
      try await fill(store)
      #expect(
        try await store.postings(on: "2026-11/a") == [
          InvoicePosting(at: noon, kind: .invoice, reference: "2026-11/a", amountMinor: 1081),
          InvoicePosting(
            at: noon.adding(seconds: 60), kind: .payment, reference: "bank-1", amountMinor: -1081),
        ])
      #expect(try await store.postings(on: "2026-11/nobody") == [])
    }
  }
}
