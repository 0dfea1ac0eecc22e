import Billing
import Testing

@testable import Ledger

/// What our programs cannot do, done by hand; each is found by the tally that is there for it.
@Suite struct AuditTamperingTests {
  typealias Tally = @Sendable (LedgerStore) async throws -> Violations

  static let cases: [(sql: String, tally: Tally, offender: String)] = [
    (
      "DROP TRIGGER entries_kept; UPDATE entries SET amount_minor = 5 WHERE line = 1",
      { try await $0.balanceTally().unbalanced }, "transaction 1"
    ),
    (
      "DROP TRIGGER entries_kept; UPDATE entries SET amount_minor = 5 WHERE line = 1",
      { try await $0.balanceTally().unbalancedCurrencies }, "CHF"
    ),
    (
      "DROP TRIGGER entries_not_deleted; DELETE FROM entries",
      { try await $0.balanceTally().unbalanced }, "transaction 1"
    ),
    (
      "DROP TRIGGER invoices_fixed; UPDATE invoices SET total_minor = 7",
      { try await $0.invoiceTally(november).moved }, "2026-11/meter-1"
    ),
    (
      """
      DROP INDEX invoices_one_per_period;
      INSERT INTO invoices SELECT key + 1, id || '-b', number + 1, account, period, currency,
        catalog_version, net_minor, tax_minor, total_minor, open_minor, status, issued_at,
        active_days
      FROM invoices
      """,
      { try await $0.invoiceTally(november).invoicedTwice }, "meter-1"
    ),
    (
      """
      INSERT INTO decisions (service, message_id, account, decided_at, rule, finding, explanation)
      SELECT 'charger', 'm', key, 0, 'r', 'same', '' FROM accounts UNION ALL
      SELECT 'charger', 'm', 0, 0, 'r', 'same', ''
      """,
      { try await $0.repetitionTally().repeated }, "m by charger"
    ),
    (
      """
      INSERT INTO outgoing_events (id, service, message_id, answered_for, type, routing_key,
        recorded_at, body)
      VALUES ('e', 'charger', 'm', 0, 't', 't', 0, x''), ('e', 'mailer', 'm', 0, 't', 't', 0, x'')
      """,
      { try await $0.repetitionTally().repeated }, "e"
    ),
    (
      "DROP TRIGGER transactions_kept; UPDATE transactions SET kind = 'charge'",
      { try await $0.chargesWithoutAttempt() }, "transaction 1"
    ),
    (
      "UPDATE accounts SET balance_minor = 7",
      { store in
        try await store.conservation(november).reduce(into: Violations()) { $0.add($1.broken) }
      }, "meter-1"
    ),
    (
      """
      INSERT INTO close_members SELECT period, account, 0, 15, 'paid' FROM invoices
      """,
      { try await $0.memberTally(november).contradicted }, "meter-1: paid, open 1081 of 1081"
    ),
  ]

  @Test(arguments: cases.indices)
  func `Tampering is found by name`(_ index: Int) async throws {
    let (sql, tally, offender) = Self.cases[index]
    try await withSQLite { store, _ in
      try await store.add(sampleAccount())
      _ = try await store.issue()
      if sql.contains("close_members") {
        try await store.connections.write {
          try $0.execute(
            sql: "INSERT INTO close_runs VALUES (202611, 'running', 't', 0, NULL, 1, 1, 1, 0)")
        }
      }
      #expect(try await tally(store).isEmpty)
      try await store.connections.write { try $0.execute(sql: sql) }
      #expect(try await tally(store).ids == [offender])
    }
  }
}
