import Billing
import Ledger

/// What a reader of usage finds next.
enum UsageStep: Equatable {
  case row(UsageRow)
  /// All faults of one row.
  case faults([RefusedRow])
  case end

  static func fault(_ fault: RefusedRow) -> UsageStep { .faults([fault]) }
}

/// Usage as a table: `event_id,account_id,metric,quantity,start,end`.
final class UsageTable {
  static let columns = ["event_id", "account_id", "metric", "quantity", "start", "end"]
  static let longestEventID = 128
  static let longestAccountID = 64
  static let longestMetric = 64

  private let reader: CSVReader
  private let columns: CSVColumns
  private let accounts = StringInterner()
  private let metrics = StringInterner(slots: 64)
  private let forms = TimeForms()

  init(_ bytes: FileBytes) throws {
    reader = CSVReader(bytes)
    columns = try CSVColumns(Self.columns, kind: "a usage", reader: reader, path: bytes.path)
  }

  func next() throws -> UsageStep {
    while true {
      switch try reader.next() {
      case .end: return .end
      case .malformed(let field, let reason):
        return .fault(columns.fault(reader.line, field: field, reason))
      case .record where reader.isBlank: continue
      case .record:
        if let fault = columns.countFault(reader) { return .fault(fault) }
        return row().map { .row($0) } ?? .faults(faults())
      }
    }
  }

  private func field(_ column: Int) -> FieldBytes { reader.field(columns.places[column]) }

  /// `nil` when something is wrong with it.
  private func row() -> UsageRow? {
    let id = field(0)
    guard identifierFault(id, longest: Self.longestEventID) == nil,
      let account = name(1, in: accounts, longest: Self.longestAccountID),
      let metric = name(2, in: metrics, longest: Self.longestMetric),
      let quantity = ExactDecimal(utf8: field(3)), quantity.stored != nil,
      !mayBeGrouped(field(3)),
      let start = Instant(utf8: field(4)), let end = Instant(utf8: field(5)), start <= end
    else { return nil }
    return UsageRow(
      eventID: String(decoding: id, as: UTF8.self), account: account, metric: metric,
      quantity: quantity, start: start, end: UsageSpan.end(end, of: start), line: reader.line)
  }

  private func name(_ column: Int, in cache: StringInterner, longest: Int) -> String? {
    let field = field(column)
    if let known = cache.find(field) { return known }
    return identifierFault(field, longest: longest) == nil ? cache.add(field) : nil
  }

  /// The faults of every column, so that a file has to be corrected only once.
  private func faults() -> [RefusedRow] {
    let longest = [Self.longestEventID, Self.longestAccountID, Self.longestMetric]
    var faults: [RefusedRow] = []
    for (column, longest) in longest.enumerated() {
      if let why = identifierFault(field(column), longest: longest) {
        faults.append(columns.fault(reader.line, column, why))
      }
    }
    if let why = quantityFault() { faults.append(columns.fault(reader.line, 3, why)) }
    let times = [4, 5].map { Instant(utf8: field($0)) }
    for (column, time) in zip([4, 5], times) where time == nil {
      let form = forms.form(of: field(column))
      var fault = columns.fault(reader.line, column, form.reason)
      fault.isOfColumn = form.isOfColumn
      faults.append(fault)
    }
    if let start = times[0], let end = times[1], end < start {
      faults.append(
        columns.fault(
          reader.line, 5, "\(quoted(field(5))) is before start \(quoted(field(4)))"))
    }
    return faults
  }

  private func quantityFault() -> String? {
    let text = quoted(field(3))
    guard let quantity = ExactDecimal(utf8: field(3)) else {
      return "\(text) is not a decimal number (like 12.5)"
    }
    if quantity.stored == nil { return "\(text) has more digits than can be stored exactly" }
    if mayBeGrouped(field(3)) {
      let digits = String(decoding: field(3), as: UTF8.self)
      let separator = ColumnSeparator.name(reader.separator)
      return "\(text) may have grouped thousands, as columns are separated by \(separator): write "
        + "\(quoted(digits.replacing(".", with: ""))) or \(quoted(digits + "0"))"
    }
    return nil
  }

  /// Columns separated by semicolons or tabs come from a spreadsheet whose decimal sign is often a
  /// comma, so that `1.500` means fifteen hundred. An ambiguous number is refused rather than
  /// guessed.
  private func mayBeGrouped(_ field: FieldBytes) -> Bool {
    if reader.separator == ColumnSeparator.comma { return false }
    let parts = field.drop { $0 == UInt8(ascii: "-") }.split(
      separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 2, let whole = parts.first, let decimals = parts.last else { return false }
    return decimals.count == 3 && 1...3 ~= whole.count && whole.first != UInt8(ascii: "0")
  }
}

/// How long usage lasts, as it is kept.
enum UsageSpan {
  /// Times are stored to the millisecond. Usage that ends where it begins, or within the same
  /// millisecond, happened in that millisecond.
  static func end(_ end: Instant, of start: Instant) -> Instant {
    max(end, start.adding(milliseconds: 1))
  }
}
