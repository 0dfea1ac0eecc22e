/// Writes that are kept back, gathered by statement. Changes do not depend on each other; within
/// one, statements on the same table keep their order, and tables follow the order in which rows
/// refer to each other.
struct PendingWrites {
  private struct Group {
    var sql: String
    var rows: [[SQLCell]]
  }

  private var tables: [String: [Group]] = [:]
  /// In the change at hand: the place of the table's last statement.
  private var reached: [String: Int] = [:]

  private static let order = [
    "invoices", "invoice_lines", "invoice_taxes", "billed_usage", "unbilled_periods", "entries",
    "transactions", "attempts", "mails", "holds", "due_work", "close_members", "close_ranges",
    "accounts", "decisions", "outgoing_events", "unpublished_events", "counters", "close_runs",
  ]

  mutating func add(_ sql: String, _ cells: [SQLCell]) {
    let table = PostgreSQLText.table(sql)
    precondition(Self.order.contains(table), "a table without a place: \(sql)")
    var groups = tables[table] ?? []
    let first = reached[table] ?? 0
    // A row that is changed twice by one change is changed one time after the other.
    let isRepeated = reached[table].map { groups[$0].sql == sql } ?? false
    let from = isRepeated && sql.hasPrefix("UPDATE") ? first + 1 : first
    let place = groups.indices.dropFirst(from).first { groups[$0].sql == sql } ?? groups.count
    if place == groups.count { groups.append(Group(sql: sql, rows: [])) }
    groups[place].rows.append(cells)
    tables[table] = groups
    reached[table] = place
  }

  mutating func nextChange() {
    reached = [:]
  }

  mutating func take() -> [(sql: String, rows: [[SQLCell]])] {
    if tables.isEmpty { return [] }
    defer {
      tables = [:]
      reached = [:]
    }
    return Self.order.flatMap { tables[$0] ?? [] }.map { ($0.sql, $0.rows) }
  }
}
