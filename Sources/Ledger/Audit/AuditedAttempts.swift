import Billing

/// An attempt to charge, with what was posted for it.
public struct AuditedAttempt: Sendable, Equatable {
  public var invoice: String
  public var number: Int
  public var key: String
  public var amountMinor: Int64
  public var currency: Currency
  public var state: AttemptState
  public var gatewayID: String?
  /// The card that was charged, where it is known.
  public var paymentMethod: String?
  public var createdAt: Instant
  public var settledAt: Instant?
  /// The transaction that posted it, and what that took from the gateway.
  public var posted: Posted?
  /// Work of the charger's on this invoice is still to come.
  public var hasDueWork: Bool

  public struct Posted: Sendable, Equatable {
    public var sequence: Int64
    public var amountMinor: Int64

    public init(sequence: Int64, amountMinor: Int64) {
      self.sequence = sequence
      self.amountMinor = amountMinor
    }
  }

  public init(
    invoice: String, number: Int, key: String, amountMinor: Int64, currency: Currency,
    state: AttemptState, gatewayID: String?, paymentMethod: String? = nil, createdAt: Instant,
    settledAt: Instant?, posted: Posted?, hasDueWork: Bool
  ) {
    self.invoice = invoice
    self.number = number
    self.key = key
    self.amountMinor = amountMinor
    self.currency = currency
    self.state = state
    self.gatewayID = gatewayID
    self.paymentMethod = paymentMethod
    self.createdAt = createdAt
    self.settledAt = settledAt
    self.posted = posted
    self.hasDueWork = hasDueWork
  }
}

extension LedgerStore {
  /// Every attempt on the period's invoices, by invoice and number.
  public func auditedAttempts(_ period: Period) async throws -> [AuditedAttempt] {
    try await read(.tables) { try AttemptQuery(database: $0).attempts(period) }
  }

  /// Charges that were posted though no attempt on any invoice says that it succeeded.
  public func chargesWithoutAttempt() async throws -> Violations {
    try await read(.tables) { try AttemptQuery(database: $0).chargesWithoutAttempt() }
  }
}

struct AttemptQuery {
  let database: any SQLSession

  private enum Column: String, ColumnList {
    case invoice = "i.id"
    case number = "p.number"
    case key = "p.key"
    case amountMinor = "p.amount_minor"
    case currency = "p.currency"
    case state = "p.state"
    case gatewayID = "p.gateway_id"
    case paymentMethod = "p.payment_method"
    case createdAt = "p.created_at"
    case settledAt = "p.settled_at"
    case transaction = "t.sequence"
    case posted = """
      (SELECT CAST(coalesce(sum(e.amount_minor), 0) AS bigint) FROM entries e
        WHERE e.sequence = t.sequence AND e.ledger_account = 'gateway_clearing')
      """
    case hasDueWork = """
      EXISTS (SELECT 1 FROM due_work d
        WHERE d.invoice = p.invoice AND d.service = 'charger' AND d.state = 'pending')
      """
  }

  /// In one pass over the attempts' own order.
  func attempts(_ period: Period) throws -> [AuditedAttempt] {
    try database.all(
      """
      SELECT \(Column.sql)
      FROM attempts p \(database.dialect.orderedJoin) invoices i ON i.key = p.invoice
      LEFT JOIN transactions t
        ON t.account = i.account AND t.kind = 'charge' AND t.reference = p.key
      WHERE i.period = ? ORDER BY p.invoice, p.number
      """, [period.stored], Self.attempt)
  }

  private static func attempt(_ row: Record<Column>) throws -> AuditedAttempt {
    let sequence: Int64? = row[.transaction]
    return AuditedAttempt(
      invoice: row[.invoice], number: row[.number], key: row[.key],
      amountMinor: row[.amountMinor], currency: try Currency(row[.currency] as String),
      state: try row.word(.state), gatewayID: row[.gatewayID],
      paymentMethod: row[.paymentMethod], createdAt: Instant(milliseconds: row[.createdAt]),
      settledAt: Instant(stored: row[.settledAt]),
      posted: sequence.map { .init(sequence: $0, amountMinor: row[.posted]) },
      hasDueWork: row[.hasDueWork])
  }

  func chargesWithoutAttempt() throws -> Violations {
    try database.offenders(
      """
      SELECT 'transaction ' || t.sequence FROM transactions t
      WHERE t.kind = 'charge' AND NOT EXISTS (
        SELECT 1 FROM attempts p WHERE p.key = t.reference AND p.state = 'succeeded')
      ORDER BY t.sequence
      """)
  }
}
