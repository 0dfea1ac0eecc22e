/// Who made what: one row for each kind of work and service.
struct AuthorshipQuery {
  let database: any SQLSession

  func all() throws -> [Authorship] {
    try questions.flatMap { work, sql in
      try database.all(sql) { row in
        Authorship(work, kind: row[0], service: row[1], count: row[2], example: row[3])
      }
    }
  }

  private var questions: [(Authorship.Work, String)] {
    [
      (
        .transaction,
        """
        SELECT kind, service, count(*), 'transaction ' || min(sequence) FROM transactions
        GROUP BY 1, 2
        """
      ),
      (
        .decision,
        """
        SELECT \(database.dialect.firstWord("rule")), service, count(*), min(message_id)
        FROM decisions GROUP BY 1, 2
        """
      ),
      (
        .event,
        "SELECT routing_key, service, count(*), min(id) FROM outgoing_events GROUP BY 1, 2"
      ),
      (
        .hold,
        """
        SELECT 'placed', placed_by, count(*), min(i.id) FROM holds h
        JOIN invoices i ON i.key = h.invoice GROUP BY 2
        UNION ALL
        SELECT 'lifted', lifted_by, count(*), min(i.id) FROM holds h
        JOIN invoices i ON i.key = h.invoice WHERE lifted_by IS NOT NULL GROUP BY 2
        """
      ),
    ]
  }
}
