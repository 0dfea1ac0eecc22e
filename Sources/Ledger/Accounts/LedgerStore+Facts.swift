import Billing

/// An account, and the invoice of it that matters.
public struct FactKey: Hashable, Sendable {
  public var account: String
  public var invoice: String?

  public init(account: String, invoice: String?) {
    self.account = account
    self.invoice = invoice
  }
}

extension LedgerStore {
  /// The facts for each key, in order; `nil` for an account the ledger does not know.
  public func facts(for keys: [FactKey]) async throws -> [AccountFacts?] {
    try await readEach(keys, about: keys.map(\.account)) { FactsQuery(database: $0).facts }
  }

  /// Invoices of an account that are open, oldest first.
  public func openInvoices(of account: String) async throws -> [InvoiceFacts] {
    try await read(about: [account]) { database in
      try database.all(
        """
        SELECT \(InvoiceColumns.sql) FROM invoices i JOIN accounts a ON a.key = i.account
        WHERE a.id = ? AND i.status = 'open' ORDER BY i.issued_at, i.number
        """, [account], of: InvoiceColumns.self
      ) { try InvoiceColumns.facts($0, account: account) }.compactMap { $0 }
    }
  }

  /// Issued invoices by id, with lines and taxes as they were issued; unknown ones are left out.
  public func invoices(_ ids: [String]) async throws -> [String: IssuedInvoice] {
    try await readKeyed(ids) { StoredInvoice(database: $0).find }
  }

  /// Which of these invoices an account was on hold for once, and is no more.
  public func released(_ invoices: [String]) async throws -> Set<String> {
    let found = try await readEach(invoices) { database in
      { id in
        try database.text(
          """
          SELECT i.id FROM invoices i WHERE i.id = ? AND EXISTS (
            SELECT 1 FROM holds h
            WHERE h.account = i.account AND h.invoice = i.key AND h.lifted_at IS NOT NULL)
          """, [id])
      }
    }
    return Set(found.compactMap { $0 })
  }

  /// The mails of these keys that were recorded already.
  public func mails(_ keys: [MailKey]) async throws -> [MailKey: MailRecord] {
    try await readKeyed(keys, about: keys.map(\.account)) { database in
      { key in
        try database.first(
          """
          SELECT \(MailColumns.sql) FROM mails m JOIN accounts a ON a.key = m.account
          WHERE m.about = ? AND a.id = ? AND m.kind = ?
          """, [key.about, key.account, key.kind.rawValue], of: MailColumns.self
        ) { try MailColumns.mail($0, account: key.account) }
      }
    }
  }
}
