import Billing
import Testing

@testable import Ledger

@Suite struct ProblemTests {
  /// What somebody changed by hand, and a part of the problem that is reported.
  @Test(arguments: [
    ("UPDATE accounts SET balance_minor = 7", "has balance 7"),
    ("UPDATE accounts SET credit_minor = 7", "credit 7"),
    ("UPDATE accounts SET position = 3", "is at position 3"),
    ("UPDATE accounts SET held_for_invoice = 'x'", "shows hold x"),
    ("UPDATE invoices SET open_minor = 7", "has open 7, its entries say otherwise"),
    ("UPDATE invoices SET status = 'paid'", "is paid with open 1081"),
    ("UPDATE counters SET value = 7", "invoice numbers have gaps"),
    ("UPDATE close_runs SET finished = 1", "counts 1 finished accounts, there are 0"),
    ("UPDATE usage_sums SET coefficient = 7", "sums to another amount"),
    ("DELETE FROM usage_sums", "the sums know 0"),
    (
      "DROP TRIGGER entries_kept; UPDATE entries SET amount_minor = 5 WHERE line = 1",
      "has entries that do not sum to 0"
    ),
    (
      "DROP TRIGGER invoice_lines_fixed; UPDATE invoice_lines SET amount_minor = 5",
      "its lines and taxes 86"
    ),
  ])
  func `Tampering is named`(_ sql: String, _ problem: String) async throws {
    try await withSQLite { store, _ in
      try await store.add(sampleAccount())
      _ = try await store.importRows([sampleUsage("1", "10")])
      let request = RunRequest(period: november, messageID: "t", rangeSize: 50, at: noon)
      _ = try await store.openRun(request) { _ in [] }
      _ = try await store.issue()
      #expect(try await store.problems() == [])
      try await store.connections.write { try $0.execute(sql: sql) }
      let problems = try await store.problems()
      #expect(problems.contains { $0.contains(problem) }, "\(problems)")
    }
  }
}
