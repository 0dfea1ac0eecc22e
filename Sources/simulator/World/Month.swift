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
