import Billing

/// A date of an account that its file may have no column for.
public enum AccountDate: String, Sendable, CaseIterable {
  case start, end
}

/// The rows of an accounts file.
public struct AccountRows: Sendable {
  public var rows: [(account: Account, line: Int)]
  /// Dates that the file says nothing of: an account that is there keeps them.
  public var unstated: Set<AccountDate>

  public init(_ rows: [(account: Account, line: Int)], unstated: Set<AccountDate> = []) {
    self.rows = rows
    self.unstated = unstated
  }

  func completed(_ account: Account, from stored: Account) -> Account {
    var account = account
    if unstated.contains(.start) { account.start = stored.start }
    if unstated.contains(.end) { account.end = stored.end }
    return account
  }

  /// Where the file has one date and the ledger the other, or neither is checked yet.
  func dateFault(of account: Account, _ line: Int) -> RefusedRow? {
    guard let start = account.start, let end = account.end, end <= start else { return nil }
    if unstated.contains(.end) {
      return RefusedRow(
        line: line, column: "start", reason: "\"\(start)\" is not before the account's end \(end)")
    }
    return RefusedRow(
      line: line, column: "end", reason: "\"\(end)\" is not after the account's start \(start)")
  }
}

extension Account {
  var dates: [CivilDate?] { [start, end] }
}
