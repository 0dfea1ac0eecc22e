import Billing
import Testing

@testable import Ledger

/// What the schema itself refuses, whoever writes.
@Suite struct GuardTests {
  /// A statement and a part of the reason why it is refused.
  @Test(arguments: [
    ("UPDATE entries SET amount_minor = 0", "entries are never changed"),
    ("DELETE FROM entries", "entries are never deleted"),
    ("UPDATE transactions SET reference = 'x'", "transactions are never changed"),
    ("DELETE FROM transactions", "transactions are never deleted"),
    ("UPDATE invoices SET total_minor = 1", "an issued invoice is never changed"),
    ("UPDATE invoices SET number = 5", "an issued invoice is never changed"),
    ("UPDATE invoices SET active_days = 3", "an issued invoice is never changed"),
    ("UPDATE accounts SET start_date = 20261101, end_date = 20261101", "CHECK constraint failed"),
    ("DELETE FROM invoices", "invoices are never deleted"),
    ("UPDATE invoice_lines SET amount_minor = 1", "invoice lines are never changed"),
    ("DELETE FROM invoice_lines", "invoice lines are never deleted"),
    ("UPDATE invoice_taxes SET amount_minor = 1", "invoice taxes are never changed"),
    ("DELETE FROM invoice_taxes", "invoice taxes are never deleted"),
    ("UPDATE accounts SET credit_minor = -1", "CHECK constraint failed"),
    ("UPDATE accounts SET balance_minor = 1.5", "cannot store REAL"),
    ("INSERT INTO entries VALUES (1, 9, 'cash', 0, NULL)", "takes no more entries"),
    ("INSERT INTO entries VALUES (9, 1, 'cash', 0, NULL)", "FOREIGN KEY constraint failed"),
    (
      "INSERT INTO transactions VALUES (9, 1, 9, 'payment', 'r', 'CHF', 'charger', 0)",
      "entries that sum to 0"
    ),
    (
      """
      INSERT INTO entries VALUES (9, 1, 'cash', 5, NULL), (9, 2, 'receivable', -4, NULL);
      INSERT INTO transactions VALUES (9, 1, 9, 'payment', 'r', 'CHF', 'charger', 0)
      """, "entries that sum to 0"
    ),
    (
      """
      INSERT INTO invoices
      SELECT 9, 'x', 9, account, period, currency, 1, 0, 0, 0, 0, 'open', 0, NULL FROM invoices
      """, "UNIQUE constraint failed"
    ),
  ])
  func `Statement is refused`(_ sql: String, _ reason: String) async throws {
    try await withSQLite { store, _ in
      try await store.add(sampleAccount())
      _ = try await store.issue()
      let error = await #expect(throws: LedgerRefusal.self) {
        try await store.connections.write { try $0.execute(sql: sql) }
      }
      #expect(error?.description.contains(reason) == true, "\(error?.description ?? "none")")
      #expect(try await store.problems() == [])
    }
  }

  @Test func `Paid invoice is never opened again`() async throws {
    try await withSQLite { store, _ in
      try await store.add(sampleAccount())
      _ = try await store.issue(netMinor: 0)
      let error = await #expect(throws: LedgerRefusal.self) {
        try await store.connections.write { try $0.run("UPDATE invoices SET status = 'open'") }
      }
      #expect(error?.description.contains("never opened again") == true)
    }
  }
}
