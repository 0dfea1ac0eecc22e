import Billing

/// Reading accounts, invoices and attempts from rows; each list of columns stands beside its
/// reader.
enum AccountColumns {
  static let sql = """
    a.key, a.id, a.name, a.email, a.currency, a.country, a.time_zone, a.collection,
    a.payment_method, a.hold_after_days, a.start_date, a.position, a.balance_minor, a.credit_minor,
    a.held_for_invoice, a.usage_version, a.end_date
    """
  static let count = 17

  static func account(_ row: Row) throws -> Account {
    Account(
      id: row[1], name: row[2], email: row[3], currency: try Currency(row[4] as String),
      country: row[5], timeZone: row[6], collection: try row.word(7), paymentMethod: row[8],
      holdAfterDays: row[9], start: try CivilDate(stored: row[10]),
      end: try CivilDate(stored: row[16]))
  }

  static func facts(_ row: Row) throws -> AccountFacts {
    AccountFacts(
      account: try account(row), position: row[11], balanceMinor: row[12], creditMinor: row[13],
      heldForInvoice: row[14], usageVersion: row[15])
  }
}

enum InvoiceColumns {
  static let sql = """
    i.key, i.id, i.number, i.period, i.currency, i.total_minor, i.open_minor, i.status, i.issued_at
    """

  /// `nil` where an outer join found none.
  static func facts(_ row: Row, from first: Int, account: String) throws -> InvoiceFacts? {
    if row.isNull(first) { return nil }
    return InvoiceFacts(
      id: row[first + 1], number: row[first + 2], account: account,
      period: try Period(stored: row[first + 3]), currency: try Currency(row[first + 4] as String),
      totalMinor: row[first + 5], openMinor: row[first + 6], status: try row.word(first + 7),
      issuedAt: Instant(milliseconds: row[first + 8]))
  }
}

enum AttemptColumns {
  static let sql = """
    t.number, t.key, t.amount_minor, t.currency, t.state, t.gateway_id, t.decline_code, t.rule,
    t.created_at, t.settled_at, t.payment_method
    """

  static func attempt(_ row: Row, invoice: String, account: String) throws -> Attempt {
    Attempt(
      invoice: invoice, account: account, number: row[0], key: row[1], amountMinor: row[2],
      currency: try Currency(row[3] as String), state: try row.word(4), gatewayID: row[5],
      declineCode: row[6], paymentMethod: row[10], rule: row[7],
      createdAt: Instant(milliseconds: row[8]), settledAt: Instant(stored: row[9]))
  }
}

enum MailColumns {
  static let sql = "m.about, m.kind, m.period, m.message_id, m.state, m.reason"

  static func mail(_ row: Row, account: String) throws -> MailRecord {
    MailRecord(
      about: row[0], account: account, kind: try row.word(1), period: try Period(stored: row[2]),
      messageID: row[3], state: try row.word(4), reason: row[5])
  }
}

enum EventColumns {
  static let sql = """
    e.sequence, e.service, e.id, e.type, e.routing_key, e.account, e.period, e.body
    """

  static func event(_ row: Row) throws -> StoredEvent {
    StoredEvent(
      sequence: row[0], service: try row.word(1),
      event: OutgoingEvent(
        id: row[2], type: row[3], routingKey: row[4], account: row[5],
        period: try Period(stored: row[6]), body: row[7]))
  }
}
