import Billing

/// The number of things of one kind that one service made.
public struct Provenance: Sendable, Hashable {
  public enum Work: String, Sendable {
    /// By kind of transaction, by the rule's first word, by routing key, `placed` or `lifted`.
    case transaction, decision, event, hold
  }
  public var work: Work
  public var kind: String
  public var service: String
  public var count: Int
  /// One of them, for the reader to begin with.
  public var example: String

  public init(_ work: Work, kind: String, service: String, count: Int, example: String) {
    self.work = work
    self.kind = kind
    self.service = service
    self.count = count
    self.example = example
  }
}

extension LedgerStore {
  /// Who made what, over the whole ledger.
  public func authorship() async throws -> [Provenance] {
    try await read(.tables) { try AuthorshipQuery(database: $0).all() }
  }
}

/// Who made what: one row for each kind of work and service.
struct AuthorshipQuery {
  let database: any SQLSession

  private enum Column: String, ColumnList { case kind, service, count, example }

  func all() throws -> [Provenance] {
    try questions.flatMap { work, sql in
      try database.all("SELECT \(Column.sql) FROM (\(sql)) AS made", of: Column.self) { row in
        Provenance(
          work, kind: row[.kind], service: row[.service], count: row[.count],
          example: row[.example])
      }
    }
  }

  private var questions: [(Provenance.Work, String)] {
    [
      (
        .transaction,
        """
        SELECT kind, service, count(*) AS count, 'transaction ' || min(sequence) AS example
        FROM transactions GROUP BY 1, 2
        """
      ),
      (
        .decision,
        """
        SELECT \(database.dialect.firstWord("rule")) AS kind, service, count(*) AS count,
          min(message_id) AS example
        FROM decisions GROUP BY 1, 2
        """
      ),
      (
        .event,
        """
        SELECT routing_key AS kind, service, count(*) AS count, min(id) AS example
        FROM outgoing_events GROUP BY 1, 2
        """
      ),
      (
        .hold,
        """
        SELECT 'placed' AS kind, placed_by AS service, count(*) AS count, min(i.id) AS example
        FROM holds h
        JOIN invoices i ON i.key = h.invoice GROUP BY 2
        UNION ALL
        SELECT 'lifted', lifted_by, count(*), min(i.id) FROM holds h
        JOIN invoices i ON i.key = h.invoice WHERE lifted_by IS NOT NULL GROUP BY 2
        """
      ),
    ]
  }
}
