import Billing

extension LedgerStore {
  public func facts(for keys: [FactKey]) async throws -> [AccountFacts?] {
    if keys.isEmpty { return [] }
    return try await connections.read { database in
      try database.collect(keys, FactsQuery(database: database).facts)
    }
  }

  public func openInvoices(of account: String) async throws -> [InvoiceFacts] {
    try await connections.read { database in
      try database.all(
        """
        SELECT \(InvoiceColumns.sql) FROM invoices i JOIN accounts a ON a.key = i.account
        WHERE a.id = ? AND i.status = 'open' ORDER BY i.issued_at, i.number
        """, [account], of: InvoiceColumns.self
      ) { try InvoiceColumns.facts($0, account: account) }.compactMap { $0 }
    }
  }

  public func invoices(_ ids: [String]) async throws -> [String: IssuedInvoice] {
    if ids.isEmpty { return [:] }
    return try await connections.read { database in
      let found = try database.collect(ids, StoredInvoice(database: database).find)
      return zip(ids, found).reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
  }

  public func released(_ invoices: [String]) async throws -> Set<String> {
    if invoices.isEmpty { return [] }
    return try await connections.read { database in
      let found = try database.collect(invoices) { id in
        try database.text(
          """
          SELECT i.id FROM invoices i WHERE i.id = ? AND EXISTS (
            SELECT 1 FROM holds h
            WHERE h.account = i.account AND h.invoice = i.key AND h.lifted_at IS NOT NULL)
          """, [id])
      }
      return Set(found.compactMap { $0 })
    }
  }

  public func mails(_ keys: [MailKey]) async throws -> [MailKey: MailRecord] {
    if keys.isEmpty { return [:] }
    return try await connections.read { database in
      let found = try database.collect(keys) { key in
        try database.first(
          """
          SELECT \(MailColumns.sql) FROM mails m JOIN accounts a ON a.key = m.account
          WHERE m.about = ? AND a.id = ? AND m.kind = ?
          """, [key.about, key.account, key.kind.rawValue], of: MailColumns.self
        ) { try MailColumns.mail($0, account: key.account) }
      }
      return zip(keys, found).reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
  }
}
