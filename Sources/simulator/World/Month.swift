import Billing
import Foundation
import Ledger

/// The accounts and usage of a simulated month: cards of every kind, invoices over zero, nothing
/// and less.
extension Simulation {
  static let catalog = """
    {"version":1,"currency":"CHF","products":[
      {"id":"server","name":"Server","metric":"hours","unit":"h",
       "price":{"model":"per_unit","unit":"0.10"}}],
     "taxes":[{"country":"CH","name":"MWST","rate":"0.081"}]}
    """

  func loadMonth() async throws {
    var accounts: [(account: Account, line: Int)] = []
    var usage: [UsageRow] = []
    for number in 1...options.accounts {
      let account = try account(number)
      accounts.append((account, number + 1))
      if let row = try usageRow(of: account.id, number) { usage.append(row) }
    }
    _ = try await store.importAccounts(accounts, at: time)
    try await addUsage(usage)
  }

  func addUsage(_ rows: [UsageRow]) async throws {
    var pages = [rows]
    let next = Once { pages.popLast() }
    _ = try await store.importUsage(skipBad: false, at: time) { next.take() }
  }

  func account(_ number: Int) throws -> Account {
    let kind = draw(1...10)
    let id = "a-\(number)"
    return Account(
      id: id, name: "Name of \(id)", email: "\(id)@customers.example",
      currency: try Currency("CHF"), country: "CH", timeZone: "Europe/Zurich",
      collection: kind == 10 ? .manual : .auto,
      paymentMethod: [7: "pm_soft_1", 8: "pm_soft_\(draw(2...6))", 9: "pm_hard"][kind] ?? "pm_good",
      holdAfterDays: pick([1, 7, 14]))
  }

  func usageRow(of account: String, _ number: Int) throws -> UsageRow? {
    let kind = draw(1...10)
    if kind == 1 { return nil }
    let hours = kind == 2 ? -draw(1...500) : draw(1...5000)
    return try usageRow(account, hours: hours, id: "u-\(number)")
  }

  func usageRow(_ account: String, hours: Int, id: String) throws -> UsageRow {
    UsageRow(
      eventID: id, account: account, metric: "hours", quantity: ExactDecimal(hours),
      start: try Instant(rfc3339: "2026-11-03T10:00:00+01:00"),
      end: try Instant(rfc3339: "2026-11-03T11:00:00+01:00"), line: 2)
  }
}

/// Hands out what a closure has, from the simulation's one thread; that is why it is unchecked.
private final class Once: @unchecked Sendable {
  private let next: () -> [UsageRow]?
  init(_ next: @escaping () -> [UsageRow]?) { self.next = next }
  func take() -> [UsageRow]? { next() }
}

/// Accounts that are imported while the month closes. The close is then started again with `late`,
/// which adds them as long as it is running.
extension Simulation {
  func importLateAccount() async {
    do {
      let number = options.accounts + witness.late.count + 1
      let account = try account(number)
      let late = LateAccount(account: account, usage: try usageRow(of: account.id, number))
      witness.late.append(late)
      faults.hit(.lateAccount)
      note("operator", "imports \(account.id)")
      try await importAccount(late)
      await trigger(id: "close-2026-11-late-\(number)", late: true)
    } catch {
      fail("setup", "an account cannot be imported: \(error)")
    }
  }

  /// After a restore their file is imported again.
  func importLateAgain() async throws {
    for late in witness.late { try await importAccount(late) }
  }

  private func importAccount(_ late: LateAccount) async throws {
    _ = try await store.importAccounts([(late.account, 2)], at: time)
    if let row = late.usage { try await addUsage([row]) }
  }

  /// The accounts there are by now, in the close or not.
  var accountIDs: [String] {
    (1...options.accounts).map { "a-\($0)" } + witness.late.map(\.account.id)
  }

  /// A close that is running has everybody in it after such a trigger, one that is closed has
  /// nobody more than before. Asked at the moment the trigger is handled.
  func checkGrowth(_ opened: OpenedRun) async throws {
    guard let run = opened.run else { return }
    if run.state == .running, opened.growth == nil { return }
    if run.state == .closed, opened.growth != nil {
      fail("I5", "accounts were added to a finished close")
    }
    let left = try await store.lateAccounts(run.period, limit: 10)
    if run.state == .running, left.count > 0 {
      fail("I5", "a trigger left \(left.first) out of a running close")
    }
  }
}

/// As its file says.
struct LateAccount {
  var account: Account
  var usage: UsageRow?
}
