import Billing
import Ledger

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
