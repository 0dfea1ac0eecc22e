extension Migration {
  /// Charges of the gateway's that no attempt made, and what is known of a gateway. A payment is
  /// counted for one invoice.
  static let gatewayCharges = Migration(
    number: 10,
    sql: """
      CREATE TABLE gateway_charges (
        charge TEXT PRIMARY KEY,
        payment TEXT,
        invoice TEXT NOT NULL,
        attempt INTEGER,
        amount_minor INTEGER NOT NULL,
        refunded_minor INTEGER NOT NULL,
        currency TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('succeeded', 'failed')),
        made_at INTEGER,
        decision TEXT NOT NULL CHECK (decision IN ('taken-over', 'foreign')),
        recorded_at INTEGER NOT NULL,
        recorded_by TEXT NOT NULL,
        operator TEXT NOT NULL,
        reason TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX gateway_charges_by_invoice ON gateway_charges (invoice);
      CREATE UNIQUE INDEX attempts_by_payment ON attempts (gateway_id)
        WHERE gateway_id IS NOT NULL AND state = 'succeeded';
      CREATE TABLE gateways (
        address TEXT PRIMARY KEY,
        keeps_keys_since INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE TRIGGER gateway_charges_kept BEFORE UPDATE ON gateway_charges
      BEGIN SELECT RAISE(ABORT, 'what was taken over is never changed'); END;
      CREATE TRIGGER gateway_charges_not_deleted BEFORE DELETE ON gateway_charges
      BEGIN SELECT RAISE(ABORT, 'what was taken over is never deleted'); END;
      """)
}
