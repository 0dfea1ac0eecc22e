import Billing
import Ledger

/// Accounts as a table. Faults never hold a name, an e-mail address or a payment method: they are
/// personal, and messages end up in logs.
final class AccountTable {
  static let columns = [
    "account_id", "name", "email", "currency", "country", "timezone", "collection",
    "payment_method", "hold_after_days",
  ]
  private static let longestName = 200
  private static let longestPaymentMethod = 255

  private let reader: CSVReader
  private let columns: CSVColumns
  private var lines: [String: Int] = [:]
  /// What was found out about a zone before: `nil` for a good one.
  private var zones: [String: String?] = [:]

  init(_ bytes: FileBytes) throws {
    reader = CSVReader(bytes)
    columns = try CSVColumns(Self.columns, kind: "an accounts", reader: reader, path: bytes.path)
  }

  /// All good rows; the others go to `faults`.
  func read(faults: inout FaultList) throws -> [(account: Account, line: Int)] {
    var accounts: [(account: Account, line: Int)] = []
    while true {
      switch try reader.next() {
      case .end: return accounts
      case .malformed(let field, let reason):
        faults.add(columns.fault(reader.line, field: field, reason))
      case .record:
        if let fault = columns.countFault(reader) {
          faults.add(fault)
          continue
        }
        do {
          accounts.append((try account(), reader.line))
        } catch {
          faults.add(columns.fault(reader.line, error.column, error.reason))
        }
      }
    }
  }

  private struct Refusal: Error {
    var column: Int
    var reason: String
  }

  private func account() throws(Refusal) -> Account {
    let id = try checked(0, identifierFault(field(0), longest: UsageTable.longestAccountID))
    if let line = lines[id] { throw Refusal(column: 0, reason: "is on line \(line) already") }
    let name = try checked(1, nameFault(field(1), longest: Self.longestName))
    let email = text(2)
    guard isPlausibleAddress(field(2)) else {
      throw Refusal(column: 2, reason: "is not an e-mail address (like name@example.com)")
    }
    guard let currency = try? Currency(text(3)) else {
      // The one way it fails: no such currency.
      throw Refusal(column: 3, reason: "\(quoted(field(3))) is not an ISO 4217 currency (like CHF)")
    }
    let country = field(4)
    guard country.count == 2, country.allSatisfy({ (0x41...0x5a).contains($0) }) else {
      throw Refusal(column: 4, reason: "\(quoted(country)) is not a country code (like CH)")
    }
    let zone = try timeZone()
    let (collection, method) = try payment()
    let account = Account(
      id: id, name: name, email: email, currency: currency, country: text(4), timeZone: zone,
      collection: collection, paymentMethod: method, holdAfterDays: try holdAfterDays())
    lines[id] = reader.line
    return account
  }

  private func field(_ column: Int) -> FieldBytes { reader.field(columns.places[column]) }

  private func text(_ column: Int) -> String { String(decoding: field(column), as: UTF8.self) }

  private func checked(_ column: Int, _ fault: String?) throws(Refusal) -> String {
    if let fault { throw Refusal(column: column, reason: fault) }
    return text(column)
  }

  private func timeZone() throws(Refusal) -> String {
    let name = text(5)
    if zones[name] == nil { zones[name] = .some(zoneFault(name)) }
    if let fault = zones[name] ?? nil { throw Refusal(column: 5, reason: fault) }
    return name
  }

  private func zoneFault(_ name: String) -> String? {
    do {
      _ = try Period(year: 2026, month: 1).interval(in: name)
      return nil
    } catch {
      return "\(quoted(name)) is not a time zone (like Europe/Zurich)"
    }
  }

  private func payment() throws(Refusal) -> (Collection, String?) {
    guard let collection = Collection(rawValue: text(6)) else {
      throw Refusal(column: 6, reason: "\(quoted(field(6))) is neither auto nor manual")
    }
    let method = field(7)
    if method.isEmpty {
      if collection == .manual { return (.manual, nil) }
      throw Refusal(column: 7, reason: "is empty; an account with collection auto needs one")
    }
    let fault = identifierFault(method, longest: Self.longestPaymentMethod)
    return (collection, try checked(7, fault))
  }

  private func holdAfterDays() throws(Refusal) -> Int {
    guard let days = Int(text(8)), (0...365).contains(days) else {
      throw Refusal(column: 8, reason: "\(quoted(field(8))) is not a number of days from 0 to 365")
    }
    return days
  }
}

/// One `@` with something before it and a domain after it, and nothing that could break out of a
/// mail header. Whether it exists only a mail can tell.
func isPlausibleAddress(_ field: FieldBytes) -> Bool {
  guard field.count <= 254, !hasControl(field) else { return false }
  let parts = field.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
  guard parts.count == 2, !parts[0].isEmpty, parts[0].count <= 64, !parts[1].isEmpty else {
    return false
  }
  let forbidden = " \"(),:;<>[\\]".utf8
  guard !field.contains(where: { forbidden.contains($0) }) else { return false }
  let labels = parts[1].split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
  return labels.count >= 2 && labels.allSatisfy { !$0.isEmpty }
}
