import Billing

/// A charge of the gateway's that no attempt made, written down once and never changed: with it the
/// ledger knows again what it had forgotten.
public struct GatewayChargeRecord: Sendable, Equatable {
  public enum Decision: String, Sendable, CaseIterable {
    /// The charger counts it for its invoice.
    case takenOver = "taken-over"
    /// An operator declares that it does not belong to this ledger.
    case foreign
  }

  public var charge: FoundCharge
  /// As its metadata names it; the invoice need not be there yet.
  public var invoice: String
  public var decision: Decision
  public var operatorName: String
  public var reason: String

  public init(
    charge: FoundCharge, invoice: String, decision: Decision, operatorName: String, reason: String
  ) {
    self.charge = charge
    self.invoice = invoice
    self.decision = decision
    self.operatorName = operatorName
    self.reason = reason
  }
}

/// What a charge at the gateway says of itself, so that the ledger can be asked for it.
public struct ChargeName: Sendable, Hashable {
  /// `ch_…`
  public var charge: String
  /// `pi_…`
  public var payment: String?
  public var invoice: String
  public var attempt: Int?

  public init(charge: String, payment: String?, invoice: String, attempt: Int?) {
    self.charge = charge
    self.payment = payment
    self.invoice = invoice
    self.attempt = attempt
  }
}

/// What the ledger has of a charge at the gateway.
public struct RememberedCharge: Sendable, Equatable {
  public var isInvoiceKnown: Bool
  /// The attempt of that number on that invoice.
  public var attempt: AttemptState?
  public var attemptPayment: String?
  /// The invoice for which this payment was counted.
  public var countedFor: String?
  /// What was decided of it, where somebody did.
  public var decision: GatewayChargeRecord.Decision?

  public init(
    isInvoiceKnown: Bool = false, attempt: AttemptState? = nil, attemptPayment: String? = nil,
    countedFor: String? = nil,
    decision: GatewayChargeRecord.Decision? = nil
  ) {
    self.isInvoiceKnown = isInvoiceKnown
    self.attempt = attempt
    self.attemptPayment = attemptPayment
    self.countedFor = countedFor
    self.decision = decision
  }
}

extension LedgerStore {
  /// What the ledger has of these charges at the gateway, in order.
  public func remembered(_ names: [ChargeName]) async throws -> [RememberedCharge] {
    try await readEach(names) { ChargeQuery(database: $0).remembered }
  }

  /// Charges of the gateway's that were taken over for these invoices, oldest first.
  public func takenOver(of invoices: [String]) async throws -> [String: [FoundCharge]] {
    let rows = try await inPages(Self.padded(invoices)) { database, page, places in
      try database.all(
        """
        SELECT \(ChargeQuery.Column.sql)
        FROM gateway_charges g
        WHERE g.invoice IN (\(places)) AND g.decision = 'taken-over' ORDER BY g.made_at, g.charge
        """, page, of: ChargeQuery.Column.self
      ) { (try ChargeQuery.found($0), $0[.invoice] as String) }
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

  private enum CountedColumn: String, ColumnList {
    case payment = "p.gateway_id"
    case invoice = "i.id"
  }

  /// The invoices for which these payments were counted.
  public func counted(_ payments: [String]) async throws -> [String: String] {
    let rows = try await inPages(Self.padded(payments)) { database, page, places in
      try database.all(
        """
        SELECT \(CountedColumn.sql) FROM attempts p JOIN invoices i ON i.key = p.invoice
        WHERE p.state = 'succeeded' AND p.gateway_id IN (\(places))
        """, page, of: CountedColumn.self
      ) { ($0[.payment] as String, $0[.invoice] as String) }
    }
    return rows.reduce(into: [:]) { $0[$1.0] = $1.1 }
  }

  /// Whether this gateway has shown that it knows idempotency keys.
  public func keepsKeys(_ gateway: String) async throws -> Bool {
    try await read { database in
      try database.integer(
        "SELECT keeps_keys_since FROM gateways WHERE address = ?", [gateway]) != nil
    }
  }
}

/// Charges at the gateway, as one connection knows of them.
struct ChargeQuery {
  let database: any SQLSession

  private enum AttemptColumn: String, ColumnList {
    case state = "p.state"
    case payment = "p.gateway_id"
  }

  func remembered(_ name: ChargeName) throws -> RememberedCharge {
    let own = try database.first(
      """
      SELECT \(AttemptColumn.sql) FROM invoices i
      LEFT JOIN attempts p ON p.invoice = i.key AND p.number = ?
      WHERE i.id = ?
      """, [name.attempt ?? 0, name.invoice], of: AttemptColumn.self
    ) { row in
      RememberedCharge(
        isInvoiceKnown: true, attempt: row.isNull(.state) ? nil : try row.word(.state),
        attemptPayment: row[.payment])
    }
    var remembered = own ?? RememberedCharge()
    remembered.decision = try database.first(
      "SELECT decision FROM gateway_charges WHERE charge = ?", [name.charge]
    ) { try $0.word(at: 0) }
    remembered.countedFor = try database.text(
      """
      SELECT i.id FROM attempts p JOIN invoices i ON i.key = p.invoice
      WHERE p.gateway_id = ? AND p.state = 'succeeded'
      """, [name.payment ?? name.charge])
    return remembered
  }

  enum Column: String, ColumnList {
    case charge = "g.charge"
    case payment = "g.payment"
    case attempt = "g.attempt"
    case amountMinor = "g.amount_minor"
    case refundedMinor = "g.refunded_minor"
    case currency = "g.currency"
    case state = "g.state"
    case madeAt = "g.made_at"
    case isCounted = """
      EXISTS (SELECT 1 FROM attempts p
        WHERE p.gateway_id = coalesce(g.payment, g.charge) AND p.state = 'succeeded')
      """
    case invoice = "g.invoice"
  }

  static func found(_ row: Record<Column>) throws -> FoundCharge {
    FoundCharge(
      id: row[.charge], payment: row[.payment], attempt: row[.attempt],
      amountMinor: row[.amountMinor], refundedMinor: row[.refundedMinor],
      currency: row[.currency], state: try row.word(.state),
      madeAt: Instant(stored: row[.madeAt]), isCounted: row[.isCounted])
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
