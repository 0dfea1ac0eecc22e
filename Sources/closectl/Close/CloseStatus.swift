import Billing
import Ledger

/// The progress of a close, in the shape that other people's scripts read.
struct CloseStatus: Encodable {
  struct Accounts: Encodable, Equatable {
    var expected: Int
    var finished: Int
    var remaining: Int
  }

  /// A trigger that was refused, or accepted as an exception.
  struct Trigger: Encodable, Equatable {
    var messageID: String
    var source: String
    var outcome: String
    var rule: String
    /// Of the dead letter, where it was refused.
    var reason: String?
    var why: String
    var firstAt: String
    var lastAt: String
    var times: Int
  }

  struct Parked: Encodable, Equatable {
    var account: String
    var rule: String
    var why: String
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
  /// The first accounts waiting for a person, with the reason; `ends` counts them all. Not read
  /// while a close is watched.
  var parked: [Parked]?
  /// Parked for lack of a catalog; not read while a close is watched.
  var lackingCatalog: [LackingCatalogs.Currency] = []
  /// Mails the mail server has not accepted; not read while a close is watched.
  var mails: MailTroubles?
  /// Dead letters of all services; null when the broker could not be asked.
  var dead = Known<Int>(nil)
  /// The same by service and reason; not read while a close is watched.
  var deadLetters: DeadTally?
  var triggers: [Trigger] = []
  /// Earlier months with usage that only their own close bills; not read while a close is watched.
  var unclosed: [UnclosedMonths.Month] = []
  /// Accounts imported after the start; not read while a close is watched.
  var late: LateArrivals?
  /// Usage of the month without a price; not read while a close is watched.
  var unpriced: UnpricedDocument?
  var startedAt: String?
  var closedAt: String?
  /// Known while it is watched.
  var accountsPerSecond: Double?
  var expectedEnd: String?

  /// The stragglers, with what each waits for.
  var waiting: [Waiting] = []
  /// Null when the broker could not be asked; while a close is watched, without what is delayed.
  var queues = Known<[ServiceQueue]>(nil)
  /// What holds the close up, one sentence each.
  var limits: [String] = []
  /// Work for later; not read while a close is watched.
  var due: [Due] = []

  private enum CodingKeys: CodingKey {
    case period, state, accounts, stages, ends, stragglers, parked, mails, dead, deadLetters
    case startedAt, closedAt, triggers, unclosed, accountsPerSecond, expectedEnd, waiting, queues
    case limits, due, unpriced, lackingCatalog, late
  }

  /// A period whose close was never started.
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

  /// The share of all stages reached. It grows evenly, while `finished` jumps at the end.
  var steps: Int { stages.values.reduce(0, +) }
  var allSteps: Int { accounts.expected * Self.stageNames.count }

  func output(style: Style) -> CommandOutput {
    let status: ExitStatus =
      state == "open" ? .problem : dead.value == nil ? .unreachable : .done
    return CommandOutput(self, text: lines(style: style), status: status)
  }

  func lines(style: Style) -> [String] {
    guard state != "open" else {
      return ["close \(period): not started; accounts to close: \(grouped(accounts.expected))"]
        + triggers.map { style.bad($0.line) } + UnclosedMonths.lines(unclosed) + unpricedLines
        + trigger
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
    lines += triggers.map(\.line)
    if let late { lines.append(late.line) }
    return lines + [""] + counts + deadLine(style) + parkedLines(style)
      + (mails?.lines(period, style) ?? [])
      + UnclosedMonths.lines(unclosed) + unpricedLines + limitLines(style) + stragglerLines()
      + dueLines
  }

  /// Whether a trigger is on its way.
  private var trigger: [String] {
    guard let queue = queues.value?.first(where: { $0.service == ServiceName.invoicer.rawValue })
    else { return [] }
    if !queue.isIdle { return [queue.sentence] }
    return triggers.isEmpty ? ["start it with: closectl close start \(period)"] : []
  }

  private var unpricedLines: [String] { unpriced?.lines ?? [] }

  /// `312.4 accounts/s, should end about 2026-12-01T02:05:10Z`
  var pace: String? {
    guard let rate = accountsPerSecond, state == "running" else { return nil }
    let end = expectedEnd.map { "should end about \($0)" } ?? "end not known yet"
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
    case nil: [style.bad("dead letters unknown: the broker cannot be reached")]
    case 0?: []
    case let count?:
      [style.bad(LetterGroups.counted(count))] + (deadLetters?.lines ?? [])
    }
  }

  private func parkedLines(_ style: Style) -> [String] {
    guard let parked, !parked.isEmpty else { return [] }
    let more = (ends[AccountEnd.parked.rawValue] ?? 0) - parked.count
    return ["", style.bad("parked, waiting for a person (closectl parked retry \(period)):")]
      + parked.map { "  \(printable($0.account)): \($0.rule), \(inText(printable($0.why)))" }
      + (more > 0 ? ["  … and \(grouped(more)) more: closectl parked list \(period)"] : [])
      + LackingCatalogs.lines(lackingCatalog, period)
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

extension CloseStatus.Trigger {
  init(_ record: TriggerRecord) {
    messageID = record.messageID
    source = record.source
    outcome = record.outcome.rawValue
    rule = record.rule
    reason = StartRefusal(rule: record.rule)?.rawValue
    why = record.explanation
    firstAt = record.firstAt.rfc3339
    lastAt = record.lastAt.rfc3339
    times = record.times
  }

  /// `refused close-2031-05 from /cron (period-not-over) at 2026-12-01T02:00:00Z: …`
  fileprivate var line: String {
    let sender = "\(printable(messageID)) from \(printable(source))"
    let often = times == 1 ? "" : " (\(times) times, first at \(firstAt))"
    let what =
      switch rule {
      case "close.start-early": "started early, allowed by \(sender)"
      case "close.late-accounts": "late accounts added by \(sender)"
      case "close.start-past": "started as a past month, allowed by \(sender)"
      default: "refused \(sender) (\(reason ?? rule))"
      }
    return "\(what) at \(lastAt)\(often): \(why)"
  }
}
