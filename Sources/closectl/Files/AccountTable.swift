import Billing
import Ledger

/// Accounts as a table. Faults never hold a name, an e-mail address or a payment method: they are
/// personal, and messages end up in logs.
final class AccountTable {
  static let columns = [
    "account_id", "name", "email", "currency", "country", "timezone", "collection",
    "payment_method", "hold_after_days",
  ]
  static let optional = AccountDate.allCases.map(\.rawValue)
  private static let longestName = 200
  private static let longestPaymentMethod = 255

  private let reader: CSVReader
  private let columns: CSVColumns
  private var lines: [String: Int] = [:]
  /// The cached verdict on a zone: `nil` for a valid one.
  private var zones: [String: String?] = [:]
  /// Of the row at hand.
  private var rowFaults: [RefusedRow] = []

  init(_ bytes: FileBytes) throws {
    reader = CSVReader(bytes)
    columns = try CSVColumns(
      Self.columns, optional: Self.optional, kind: "an accounts", reader: reader, path: bytes.path)
  }

  /// All good rows; the others go to `faults`.
  func read(faults: inout FaultList) throws -> AccountRows {
    let unstated = zip(AccountDate.allCases, columns.optionalPlaces).filter { $1 == nil }.map(\.0)
    var accounts: [(account: Account, line: Int)] = []
    while true {
      switch try reader.next() {
      case .end: return AccountRows(accounts, unstated: Set(unstated))
      case .malformed(let field, let reason):
        faults.add([columns.fault(reader.line, field: field, reason)])
      case .record where reader.isBlank: continue
      case .record:
        if let fault = columns.countFault(reader) {
          faults.add([fault])
        } else if let account = account() {
          lines[account.id] = reader.line
          accounts.append((account, reader.line))
        } else {
          faults.add(rowFaults)
        }
      }
    }
  }

  /// `nil` if the row has faults; all of them are reported.
  private func account() -> Account? {
    rowFaults = []
    let id = identifier()
    let name = checked(1, nameFault(field(1), longest: Self.longestName))
    let email = accepted(2, EmailField.read(field(2)).map(\.text))
    let currency = currency()
    let country = checked(4, Country.fault(text(4)).map { "\(quoted(field(4))) \($0)" })
    let zone = checked(5, zoneFault())
    let collection = CollectionMethod(rawValue: text(6))
    if collection == nil { refuse(6, "\(quoted(field(6))) is neither auto nor manual") }
    let method = paymentMethod(of: collection)
    let days = Int(text(8)).flatMap { (0...365).contains($0) ? $0 : nil }
    if days == nil { refuse(8, "\(quoted(field(8))) is not a number of days from 0 to 365") }
    let (start, end) = dates()
    guard rowFaults.isEmpty, let currency, let collection, let days else { return nil }
    return Account(
      id: id, name: name, email: email, currency: currency, country: country, timeZone: zone,
      collection: collection, paymentMethod: method, holdAfterDays: days,
      start: start, end: end)
  }

  private func field(_ column: Int) -> FieldBytes { reader.field(columns.places[column]) }

  private func text(_ column: Int) -> String { String(decoding: field(column), as: UTF8.self) }

  private func refuse(_ column: Int, _ reason: String) {
    rowFaults.append(columns.fault(reader.line, column, reason))
  }

  private func checked(_ column: Int, _ fault: String?) -> String {
    if let fault { refuse(column, fault) }
    return text(column)
  }

  private func accepted(_ column: Int, _ read: Result<String, EmailField.Fault>) -> String {
    switch read {
    case .success(let text): return text
    case .failure(let fault): return checked(column, fault.reason)
    }
  }

  private func identifier() -> String {
    let id = checked(0, identifierFault(field(0), longest: UsageTable.longestAccountID))
    if let line = lines[id] { refuse(0, "is already on line \(line)") }
    return id
  }

  private func currency() -> Currency? {
    do {
      return try Currency(text(3))
    } catch {
      // It fails only if there is no such currency.
      refuse(3, "\(quoted(field(3))) is not an ISO 4217 currency (like CHF)")
      return nil
    }
  }

  private func zoneFault() -> String? {
    let name = text(5)
    if let known = zones[name] { return known }
    let fault: String?
    do {
      _ = try Period(year: 2026, month: 1).interval(in: name)
      fault = nil
    } catch {
      fault = "\(quoted(name)) is not a time zone (like Europe/Zurich)"
    }
    zones[name] = .some(fault)
    return fault
  }

  /// `nil` without the column, or if the cell is empty.
  private func dates() -> (start: CivilDate?, end: CivilDate?) {
    let (start, end) = (date(.start), date(.end))
    if let start, let end, end <= start {
      refuse(column(.end), "\"\(end)\" is not after start \"\(start)\"")
    }
    return (start, end)
  }

  private func column(_ date: AccountDate) -> Int {
    Self.columns.count + (AccountDate.allCases.firstIndex(of: date) ?? 0)
  }

  private func date(_ date: AccountDate) -> CivilDate? {
    let column = column(date)
    guard let place = columns.optionalPlaces[column - Self.columns.count] else { return nil }
    let field = reader.field(place)
    if field.isEmpty { return nil }
    let text = String(decoding: field.prefix(64), as: UTF8.self)
    if let date = CivilDate(text) { return date }
    var fault = columns.fault(reader.line, column, "\(quoted(field)) \(DateForm.fault(text))")
    fault.isOfColumn = DateForm.isOfColumn(text)
    rowFaults.append(fault)
    return nil
  }

  private func paymentMethod(of collection: CollectionMethod?) -> String? {
    let method = field(7)
    if method.isEmpty {
      if collection == .auto { refuse(7, "is empty; an account with collection auto needs one") }
      return nil
    }
    return checked(
      7,
      CardNumber.fault(method) ?? identifierFault(method, longest: Self.longestPaymentMethod))
  }
}
