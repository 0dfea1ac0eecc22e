extension PostgreSQLMigration {
  /// Charges of the gateway's that no attempt made, and what is known of a gateway. A payment is
  /// counted for one invoice.
  static let gatewayCharges = PostgreSQLMigration(
    number: 10,
    sql: #"""
      CREATE TABLE gateway_charges (
        charge text COLLATE "C" PRIMARY KEY,
        payment text COLLATE "C",
        invoice text COLLATE "C" NOT NULL,
        attempt bigint,
        amount_minor bigint NOT NULL,
        refunded_minor bigint NOT NULL,
        currency text COLLATE "C" NOT NULL,
        state text COLLATE "C" NOT NULL CHECK (state IN ('succeeded', 'failed')),
        made_at bigint,
        decision text COLLATE "C" NOT NULL CHECK (decision IN ('taken-over', 'foreign')),
        recorded_at bigint NOT NULL,
        recorded_by text COLLATE "C" NOT NULL,
        operator text COLLATE "C" NOT NULL,
        reason text COLLATE "C" NOT NULL
      );
      CREATE INDEX gateway_charges_by_invoice ON gateway_charges (invoice);
      CREATE UNIQUE INDEX attempts_by_payment ON attempts (gateway_id)
        WHERE gateway_id IS NOT NULL AND state = 'succeeded';
      CREATE TABLE gateways (
        address text COLLATE "C" PRIMARY KEY,
        keeps_keys_since bigint NOT NULL
      );
      CREATE TRIGGER gateway_charges_kept BEFORE UPDATE ON gateway_charges
        FOR EACH STATEMENT
        EXECUTE FUNCTION month_close_refuse('what was taken over is never changed');
      CREATE TRIGGER gateway_charges_not_deleted BEFORE DELETE ON gateway_charges
        FOR EACH STATEMENT
        EXECUTE FUNCTION month_close_refuse('what was taken over is never deleted');
      """#)
}
