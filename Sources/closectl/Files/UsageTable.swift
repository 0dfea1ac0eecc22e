import Billing
import Ledger

/// What a reader of usage comes upon next.
enum UsageStep: Equatable {
  case row(UsageRow)
  case fault(RefusedRow)
  case end
}

/// Usage as a table: `event_id,account_id,metric,quantity,start,end`.
final class UsageTable {
  static let columns = ["event_id", "account_id", "metric", "quantity", "start", "end"]
  static let longestEventID = 128
  static let longestAccountID = 64
  static let longestMetric = 64

  private let reader: CSVReader
  private let columns: CSVColumns
  private let accounts = TextCache()
  private let metrics = TextCache(slots: 64)

  init(_ bytes: FileBytes) throws {
    reader = CSVReader(bytes)
    columns = try CSVColumns(Self.columns, kind: "a usage", reader: reader, path: bytes.path)
  }

  func next() throws -> UsageStep {
    switch try reader.next() {
    case .end: return .end
    case .malformed(let field, let reason):
      return .fault(columns.fault(reader.line, field: field, reason))
    case .record:
      if let fault = columns.countFault(reader) { return .fault(fault) }
      return row()
    }
  }

  private func field(_ column: Int) -> FieldBytes { reader.field(columns.places[column]) }

  private func fault(_ column: Int, _ reason: String) -> UsageStep {
    .fault(columns.fault(reader.line, column, reason))
  }

  private func row() -> UsageStep {
    let id = field(0)
    if let why = identifierFault(id, longest: Self.longestEventID) { return fault(0, why) }
    let account: String
    switch name(1, in: accounts, longest: Self.longestAccountID) {
    case .success(let text): account = text
    case .failure(let why): return fault(1, why.reason)
    }
    let metric: String
    switch name(2, in: metrics, longest: Self.longestMetric) {
    case .success(let text): metric = text
    case .failure(let why): return fault(2, why.reason)
    }
    guard let quantity = ExactDecimal(utf8: field(3)) else {
      return fault(3, "\(quoted(field(3))) is not a decimal number (like 12.5)")
    }
    guard quantity.stored != nil else {
      return fault(3, "\(quoted(field(3))) has more digits than can be kept exactly")
    }
    guard let start = Instant(utf8: field(4)) else { return fault(4, notATime(field(4))) }
    guard let end = Instant(utf8: field(5)) else { return fault(5, notATime(field(5))) }
    guard start < end else {
      return fault(5, "\(quoted(field(5))) is not after start \(quoted(field(4)))")
    }
    return .row(
      UsageRow(
        eventID: String(decoding: id, as: UTF8.self), account: account, metric: metric,
        quantity: quantity, start: start, end: end, line: reader.line))
  }

  private struct Reason: Error { var reason: String }

  private func name(
    _ column: Int, in cache: TextCache, longest: Int
  ) -> Result<String, Reason> {
    let field = field(column)
    if let known = cache.find(field) { return .success(known) }
    if let why = identifierFault(field, longest: longest) { return .failure(Reason(reason: why)) }
    return .success(cache.add(field))
  }

  private func notATime(_ field: FieldBytes) -> String {
    "\(quoted(field)) is not a time (like 2026-11-01T00:00:00+01:00)"
  }
}
