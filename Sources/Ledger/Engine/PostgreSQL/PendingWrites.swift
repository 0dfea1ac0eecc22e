/// Deferred writes, gathered by statement. Changes do not depend on each other; within one,
/// statements on the same table keep their order, and tables follow the order in which rows refer
/// to each other.
struct PendingWrites {
  struct Group {
    let statement: PostgreSQLStatement
    var rows: [[SQLCell]] = []
  }

  /// By the place of their table.
  private var tables = [[Group]](repeating: [], count: order.count)
  /// In the change at hand: the place of the table's last statement.
  private var reached: [Int: Int] = [:]

  private static let order = [
    "invoices", "invoice_lines", "invoice_taxes", "billed_usage", "unbilled_periods", "entries",
    "transactions", "incoming_references", "attempts", "mails", "holds", "due_work",
    "close_members", "close_ranges", "accounts", "decisions", "outgoing_events",
    "unpublished_events", "counters", "close_runs", "close_triggers", "gateway_charges",
    "gateways",
  ]
  private static let places = Dictionary(
    uniqueKeysWithValues: order.enumerated().map { ($0.element, $0.offset) })

  /// Whether its table has a place. A write without one is executed at once, after all deferred
  /// writes.
  func takes(_ statement: PostgreSQLStatement) -> Bool { Self.places[statement.table] != nil }

  mutating func add(_ statement: PostgreSQLStatement, _ cells: [SQLCell]) {
    guard let table = Self.places[statement.table] else {
      preconditionFailure("a table without a place in the order: \(statement.sql)")
    }
    let first = reached[table] ?? 0
    // A row that one change modifies twice is modified twice in sequence.
    let isRepeated = reached[table].map { tables[table][$0].statement === statement } ?? false
    let from = isRepeated && statement.sql.hasPrefix("UPDATE") ? first + 1 : first
    let count = tables[table].count
    let same = (from..<max(from, count)).first { tables[table][$0].statement === statement }
    let place = same ?? count
    if place == count { tables[table].append(Group(statement: statement)) }
    tables[table][place].rows.append(cells)
    reached[table] = place
  }

  mutating func nextChange() {
    reached.removeAll(keepingCapacity: true)
  }

  mutating func take() -> [Group] {
    defer { self = PendingWrites() }
    return tables.flatMap { $0 }
  }
}
