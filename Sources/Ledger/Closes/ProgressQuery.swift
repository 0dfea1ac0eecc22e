import Billing

struct ProgressQuery {
  let database: any SQLSession
  let period: Period

  private static let milestones: [(name: String, bit: Milestone)] = [
    ("invoiced", .invoiced), ("settled", .settled), ("invoice_mailed", .invoiceMailed),
    ("outcome_mailed", .outcomeMailed),
  ]

  private enum GroupColumn: String, ColumnList {
    case milestones, ended
    case count = "count(*)"
  }

  func progress() throws -> Progress? {
    guard let run = try RunRows(database).run(period) else { return nil }
    var progress = Progress(
      run: run, finished: 0, milestones: [:], ends: [:], stragglers: try stragglers())
    for (name, _) in Self.milestones { progress.milestones[name] = 0 }
    let groups = try database.all(
      "SELECT \(GroupColumn.sql) FROM close_members WHERE period = ? GROUP BY 1, 2",
      [period.stored], of: GroupColumn.self
    ) { row in
      (
        reached: Milestone(rawValue: row[.milestones]),
        end: row.isNull(.ended) ? nil : try row.word(.ended, AccountEnd.self),
        count: row[.count] as Int
      )
    }
    for group in groups {
      for (name, bit) in Self.milestones where group.reached.contains(bit) {
        progress.milestones[name, default: 0] += group.count
      }
      guard let end = group.end else { continue }
      progress.ends[end, default: 0] += group.count
      if group.reached.isSuperset(of: .all) { progress.finished += group.count }
    }
    return progress
  }

  private enum StragglerColumn: String, ColumnList {
    case account = "a.id"
    case milestones = "m.milestones"
  }

  private func stragglers() throws -> [Progress.Straggler] {
    try database.all(
      """
      SELECT \(StragglerColumn.sql) FROM close_members m JOIN accounts a ON a.key = m.account
      WHERE m.period = ? AND (m.ended IS NULL OR m.milestones & ? <> ?)
      ORDER BY m.place LIMIT 20
      """, [period.stored, Milestone.all.rawValue, Milestone.all.rawValue],
      of: StragglerColumn.self
    ) { row in
      Progress.Straggler(
        account: row[.account], reached: Milestone(rawValue: row[.milestones]))
    }
  }
}
