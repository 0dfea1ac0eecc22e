import Billing

struct ProgressQuery {
  let database: any SQLSession
  let period: Period

  private static let milestones: [(name: String, bit: Milestone)] = [
    ("invoiced", .invoiced), ("settled", .settled), ("invoice_mailed", .invoiceMailed),
    ("outcome_mailed", .outcomeMailed),
  ]

  func progress() throws -> Progress? {
    guard let run = try RunRows(database).run(period) else { return nil }
    var progress = Progress(
      run: run, finished: 0, milestones: [:], ends: [:], stragglers: try stragglers())
    for (name, _) in Self.milestones { progress.milestones[name] = 0 }
    let groups = try database.all(
      "SELECT milestones, ended, count(*) FROM close_members WHERE period = ? GROUP BY 1, 2",
      [period.stored]
    ) { row in
      (
        reached: Milestone(rawValue: row[0]),
        end: row.isNull(1) ? nil : try row.word(1, AccountEnd.self),
        count: row[2] as Int
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

  private func stragglers() throws -> [Progress.Straggler] {
    try database.all(
      """
      SELECT a.id, m.milestones FROM close_members m JOIN accounts a ON a.key = m.account
      WHERE m.period = ? AND (m.ended IS NULL OR m.milestones & ? <> ?)
      ORDER BY m.place LIMIT 20
      """, [period.stored, Milestone.all.rawValue, Milestone.all.rawValue]
    ) { Progress.Straggler(account: $0[0], reached: Milestone(rawValue: $0[1])) }
  }
}
