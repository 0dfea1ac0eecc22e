import Billing

/// Reading accounts, invoices, attempts, mails and events from rows.
enum AccountColumns: String, ColumnList {
  case key = "a.key"
  case id = "a.id"
  case name = "a.name"
  case email = "a.email"
  case currency = "a.currency"
  case country = "a.country"
  case timeZone = "a.time_zone"
  case collection = "a.collection"
  case paymentMethod = "a.payment_method"
  case holdAfterDays = "a.hold_after_days"
  case start = "a.start_date"
  case end = "a.end_date"
  case position = "a.position"
  case balanceMinor = "a.balance_minor"
  case creditMinor = "a.credit_minor"
  case heldForInvoice = "a.held_for_invoice"
  case usageVersion = "a.usage_version"

  static let sql = selected()

  static func account(_ row: Record<Self>) throws -> Account {
    Account(
      id: row[.id], name: row[.name], email: row[.email],
      currency: try Currency(row[.currency] as String), country: row[.country],
      timeZone: row[.timeZone], collection: try row.word(.collection),
      paymentMethod: row[.paymentMethod], holdAfterDays: row[.holdAfterDays],
      start: try CivilDate(stored: row[.start]), end: try CivilDate(stored: row[.end]))
  }

  static func facts(_ row: Record<Self>) throws -> AccountFacts {
    AccountFacts(
      account: try account(row), position: row[.position], balanceMinor: row[.balanceMinor],
      creditMinor: row[.creditMinor], heldForInvoice: row[.heldForInvoice],
      usageVersion: row[.usageVersion])
  }
}

enum InvoiceColumns: String, ColumnList {
  case key = "i.key"
  case id = "i.id"
  case number = "i.number"
  case period = "i.period"
  case currency = "i.currency"
  case totalMinor = "i.total_minor"
  case openMinor = "i.open_minor"
  case status = "i.status"
  case issuedAt = "i.issued_at"

  static let sql = selected()

  /// `nil` where an outer join found none.
  static func facts(_ row: Record<Self>, account: String) throws -> InvoiceFacts? {
    if row.isNull(.key) { return nil }
    return InvoiceFacts(
      id: row[.id], number: row[.number], account: account,
      period: try Period(stored: row[.period]), currency: try Currency(row[.currency] as String),
      totalMinor: row[.totalMinor], openMinor: row[.openMinor], status: try row.word(.status),
      issuedAt: Instant(milliseconds: row[.issuedAt]))
  }
}

enum AttemptColumns: String, ColumnList {
  case number = "t.number"
  case key = "t.key"
  case amountMinor = "t.amount_minor"
  case currency = "t.currency"
  case state = "t.state"
  case gatewayID = "t.gateway_id"
  case declineCode = "t.decline_code"
  case paymentMethod = "t.payment_method"
  case rule = "t.rule"
  case createdAt = "t.created_at"
  case settledAt = "t.settled_at"

  static let sql = selected()

  static func attempt(_ row: Record<Self>, invoice: String, account: String) throws -> Attempt {
    Attempt(
      invoice: invoice, account: account, number: row[.number], key: row[.key],
      amountMinor: row[.amountMinor], currency: try Currency(row[.currency] as String),
      state: try row.word(.state), gatewayID: row[.gatewayID], declineCode: row[.declineCode],
      paymentMethod: row[.paymentMethod], rule: row[.rule],
      createdAt: Instant(milliseconds: row[.createdAt]),
      settledAt: Instant(stored: row[.settledAt]))
  }
}

enum MailColumns: String, ColumnList {
  case about = "m.about"
  case kind = "m.kind"
  case period = "m.period"
  case messageID = "m.message_id"
  case state = "m.state"
  case reason = "m.reason"

  static let sql = selected()

  static func mail(_ row: Record<Self>, account: String) throws -> MailRecord {
    MailRecord(
      about: row[.about], account: account, kind: try row.word(.kind),
      period: try Period(stored: row[.period]), messageID: row[.messageID],
      state: try row.word(.state), reason: row[.reason])
  }
}

enum EventColumns: String, ColumnList {
  case sequence = "e.sequence"
  case service = "e.service"
  case id = "e.id"
  case type = "e.type"
  case routingKey = "e.routing_key"
  case account = "e.account"
  case period = "e.period"
  case body = "e.body"

  static let sql = selected()

  static func event(_ row: Record<Self>) throws -> StoredEvent {
    StoredEvent(
      sequence: row[.sequence], service: try row.word(.service),
      event: OutgoingEvent(
        id: row[.id], type: row[.type], routingKey: row[.routingKey], account: row[.account],
        period: try Period(stored: row[.period]), body: row[.body]))
  }
}

enum MetricColumns: String, ColumnList {
  case key, name

  /// All that usage was ever imported of.
  static func keys(_ database: any SQLSession) throws -> [String: Int64] {
    let metrics = try database.all("SELECT \(sql) FROM metrics", of: Self.self) { row in
      (row[.name] as String, row[.key] as Int64)
    }
    return Dictionary(uniqueKeysWithValues: metrics)
  }
}
