extension Migration {
  /// Charges of the gateway's that no attempt made, and what is known of a gateway. A payment is
  /// counted for one invoice.
  static let gatewayCharges = Migration(number: 10) { words in
    """
    CREATE TABLE gateway_charges (
      charge \(words.text) PRIMARY KEY,
      payment \(words.text),
      invoice \(words.text) NOT NULL,
      attempt \(words.integer),
      amount_minor \(words.integer) NOT NULL,
      refunded_minor \(words.integer) NOT NULL,
      currency \(words.text) NOT NULL,
      state \(words.text) NOT NULL CHECK (state IN ('succeeded', 'failed')),
      made_at \(words.integer),
      decision \(words.text) NOT NULL CHECK (decision IN ('taken-over', 'foreign')),
      recorded_at \(words.integer) NOT NULL,
      recorded_by \(words.text) NOT NULL,
      operator \(words.text) NOT NULL,
      reason \(words.text) NOT NULL
    )\(words.keyedTable);
    CREATE INDEX gateway_charges_by_invoice ON gateway_charges (invoice);
    CREATE UNIQUE INDEX attempts_by_payment ON attempts (gateway_id)
      WHERE gateway_id IS NOT NULL AND state = 'succeeded';
    CREATE TABLE gateways (
      address \(words.text) PRIMARY KEY,
      keeps_keys_since \(words.integer) NOT NULL
    )\(words.keyedTable);
    \(words.refusing(
      "UPDATE", on: "gateway_charges", "gateway_charges_kept",
      because: "what was taken over is never changed"))
    \(words.refusing(
      "DELETE", on: "gateway_charges", "gateway_charges_not_deleted",
      because: "what was taken over is never deleted"))
    """
  }
}
