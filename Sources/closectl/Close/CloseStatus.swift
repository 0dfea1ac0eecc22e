import Billing
import Ledger

/// Where a close is; the shape other people's scripts read.
struct CloseStatus: Encodable {
  struct Accounts: Encodable, Equatable {
    var expected: Int
    var finished: Int
    var remaining: Int
  }

  struct Waiting: Equatable {
    var account: String
    var missing: [String]
  }

  /// In the order in which accounts reach them.
  static let stageNames = ["invoiced", "settled", "invoice_mailed", "outcome_mailed"]

  var period: String
  /// `open`: never started; `running`; `closed`.
  var state: String
  var accounts: Accounts
  var stages: [String: Int]
  var ends: [String: Int] = [:]
  var stragglers: [String] = []
  /// Dead letters of all services; null when the broker could not be asked.
  var dead = Known<Int>(nil)
  /// The same by service and reason; not read while a close is watched.
  var deadLetters: DeadTally?
  var startedAt: String?
  var closedAt: String?
  /// Known while it is watched.
  var accountsPerSecond: Double?
  var expectedEnd: String?

  private var waiting: [Waiting] = []

  private enum CodingKeys: CodingKey {
    case period, state, accounts, stages, ends, stragglers, dead, deadLetters, startedAt, closedAt
    case accountsPerSecond, expectedEnd
  }

  /// A period nobody has started to close.
  init(period: Period, accounts count: Int) {
    self.period = period.description
    state = "open"
    accounts = Accounts(expected: count, finished: 0, remaining: count)
    stages = Dictionary(uniqueKeysWithValues: Self.stageNames.map { ($0, 0) })
  }

  init(_ progress: Progress) {
    let run = progress.run
    period = run.period.description
    state = run.state.rawValue
    accounts = Accounts(
      expected: run.expected, finished: progress.finished,
      remaining: run.expected - progress.finished)
    stages = Dictionary(
      uniqueKeysWithValues: Self.stageNames.map { ($0, progress.milestones[$0] ?? 0) })
    ends = Dictionary(uniqueKeysWithValues: progress.ends.map { ($0.rawValue, $1) })
    waiting = progress.stragglers.prefix(20).map {
      Waiting(account: $0.account, missing: $0.reached.missing)
    }
    stragglers = waiting.map(\.account)
    startedAt = run.startedAt.rfc3339
    closedAt = run.closedAt?.rfc3339
  }

  /// Stages reached, of all that will be: grows evenly where `finished` comes in a rush at the end.
  var steps: Int { stages.values.reduce(0, +) }
  var allSteps: Int { accounts.expected * Self.stageNames.count }

  func answer(style: Style) -> Answer {
    let status: ExitStatus =
      state == "open" ? .problem : dead.value == nil ? .unreachable : .done
    return Answer(self, text: lines(style: style), status: status)
  }

  func lines(style: Style) -> [String] {
    guard state != "open" else {
      return ["close \(period): not started; \(grouped(accounts.expected)) accounts are there"]
    }
    let part =
      accounts.expected == 0 ? 1 : Double(accounts.finished) / Double(accounts.expected)
    var lines = [
      style.bold("close \(period): \(state)")
        + (closedAt.map { " since \($0)" } ?? startedAt.map { ", started \($0)" } ?? ""),
      "\(ProgressBar.bar(part)) \(grouped(accounts.finished)) of \(grouped(accounts.expected)) "
        + "accounts finished",
    ]
    if let pace { lines.append(pace) }
    return lines + [""] + counts + deadLine(style) + stragglerLines(style)
  }

  /// `312.4 accounts/s, ends about 2026-12-01T02:05:10Z`
  var pace: String? {
    guard let rate = accountsPerSecond, state == "running" else { return nil }
    let end = expectedEnd.map { "ends about \($0)" } ?? "end not known yet"
    return "\(tenths(rate)) accounts/s, \(end)"
  }

  private var counts: [String] {
    var table = Table([
      .init("stage"), .init("accounts", .right), .init("  end"), .init("accounts", .right),
    ])
    let ended = AccountEnd.allCases.map(\.rawValue).filter { ends[$0] ?? 0 > 0 }
    for row in 0..<max(Self.stageNames.count, ended.count) {
      let stage = row < Self.stageNames.count ? Self.stageNames[row] : nil
      let end = row < ended.count ? ended[row] : nil
      table.add(
        stage?.split(separator: "_").joined(separator: " ") ?? "",
        stage.map { grouped(stages[$0] ?? 0) } ?? "", end.map { "  " + words($0) } ?? "",
        end.map { grouped(ends[$0] ?? 0) } ?? "")
    }
    return table.lines()
  }

  private func deadLine(_ style: Style) -> [String] {
    switch dead.value {
    case nil: [style.bad("dead letters not known: the broker cannot be asked")]
    case 0?: []
    case let count?:
      [style.bad("\(grouped(count)) dead letters")] + (deadLetters?.lines ?? [])
    }
  }

  private func stragglerLines(_ style: Style) -> [String] {
    guard !waiting.isEmpty else { return [] }
    let more = accounts.remaining - waiting.count
    return ["", "waiting for:"]
      + waiting.map { "  \(printable($0.account)): \($0.missing.joined(separator: ", "))" }
      + (more > 0 ? ["  … and \(grouped(more)) more"] : [])
  }
}

extension Milestone {
  fileprivate var missing: [String] {
    let names: [(Milestone, String)] = [
      (.invoiced, "invoice"), (.settled, "settlement"), (.invoiceMailed, "invoice mail"),
      (.outcomeMailed, "outcome mail"),
    ]
    return names.filter { !contains($0.0) }.map(\.1)
  }
}
