import Billing

extension LedgerStore {
  public func remembered(_ names: [ChargeName]) async throws -> [RememberedCharge] {
    if names.isEmpty { return [] }
    return try await connections.read { database in
      try database.collect(names, ChargeQuery(database: database).remembered)
    }
  }

  public func takenOver(of invoices: [String]) async throws -> [String: [FoundCharge]] {
    let rows = try await inPages(Self.padded(invoices)) { database, page, places in
      try database.all(
        """
        SELECT g.charge, g.payment, g.attempt, g.amount_minor, g.refunded_minor, g.currency,
          g.state, g.made_at, EXISTS (SELECT 1 FROM attempts p
            WHERE p.gateway_id = coalesce(g.payment, g.charge) AND p.state = 'succeeded'),
          g.invoice
        FROM gateway_charges g
        WHERE g.invoice IN (\(places)) AND g.decision = 'taken-over' ORDER BY g.made_at, g.charge
        """, page
      ) { (try ChargeQuery.found($0), $0[9] as String) }
    }
    return rows.reduce(into: [:]) { $0[$1.1, default: []].append($1.0) }
  }

  /// A batch has any number of messages; statements of a few lengths only are prepared.
  private static func padded(_ ids: [String]) -> [String] {
    guard let last = ids.last, ids.count < 500 else { return ids }
    var size = 1
    while size < ids.count { size *= 2 }
    return ids + [String](repeating: last, count: min(size, 500) - ids.count)
  }

  public func counted(_ payments: [String]) async throws -> [String: String] {
    let rows = try await inPages(Self.padded(payments)) { database, page, places in
      try database.all(
        """
        SELECT p.gateway_id, i.id FROM attempts p JOIN invoices i ON i.key = p.invoice
        WHERE p.state = 'succeeded' AND p.gateway_id IN (\(places))
        """, page
      ) { ($0[0] as String, $0[1] as String) }
    }
    return rows.reduce(into: [:]) { $0[$1.0] = $1.1 }
  }

  public func keepsKeys(_ gateway: String) async throws -> Bool {
    try await connections.read { database in
      try database.integer(
        "SELECT keeps_keys_since FROM gateways WHERE address = ?", [gateway]) != nil
    }
  }
}

/// Charges at the gateway, as one connection knows of them.
struct ChargeQuery {
  let database: any SQLSession

  func remembered(_ name: ChargeName) throws -> RememberedCharge {
    let own = try database.first(
      """
      SELECT p.state, p.gateway_id FROM invoices i
      LEFT JOIN attempts p ON p.invoice = i.key AND p.number = ?
      WHERE i.id = ?
      """, [name.attempt ?? 0, name.invoice]
    ) { row in
      RememberedCharge(
        isInvoiceKnown: true, attempt: row.isNull(0) ? nil : try row.word(0),
        attemptPayment: row[1])
    }
    var remembered = own ?? RememberedCharge()
    remembered.decision = try database.first(
      "SELECT decision FROM gateway_charges WHERE charge = ?", [name.charge]
    ) { try $0.word(0) }
    remembered.countedFor = try database.first(
      """
      SELECT i.id FROM attempts p JOIN invoices i ON i.key = p.invoice
      WHERE p.gateway_id = ? AND p.state = 'succeeded'
      """, [name.payment ?? name.charge]
    ) { $0[0] as String }
    return remembered
  }

  static func found(_ row: Row) throws -> FoundCharge {
    FoundCharge(
      id: row[0], payment: row[1], attempt: row[2], amountMinor: row[3], refundedMinor: row[4],
      currency: row[5], state: try row.word(6), madeAt: Instant(stored: row[7]),
      isCounted: row[8])
  }
}

extension Writing {
  /// Once: the first decision stays.
  func record(_ record: GatewayChargeRecord) throws {
    let charge = record.charge
    try database.run(
      """
      INSERT INTO gateway_charges
        (charge, payment, invoice, attempt, amount_minor, refunded_minor, currency, state, made_at,
         decision, recorded_at, recorded_by, operator, reason)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (charge) DO NOTHING
      """,
      [
        charge.id, charge.payment, record.invoice, charge.attempt, charge.amountMinor,
        charge.refundedMinor, charge.currency, charge.state.rawValue,
        charge.madeAt?.milliseconds, record.decision.rawValue, change.at.milliseconds,
        change.service.rawValue, record.operatorName, record.reason,
      ])
  }

  func noteKeys(keptBy gateway: String) throws {
    try database.run(
      """
      INSERT INTO gateways (address, keeps_keys_since) VALUES (?, ?)
      ON CONFLICT (address) DO NOTHING
      """, [gateway, change.at.milliseconds])
  }
}
