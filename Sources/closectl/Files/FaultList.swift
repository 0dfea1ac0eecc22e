import Ledger

/// The bad rows of one file. All are counted; how many are kept is bounded.
struct FaultList {
  /// The number of faults shown in full.
  static let shown = 20
  /// A file with more bad rows than this is not a file of that kind.
  static let most = 100_000
  /// Beyond this many kinds, only the count is kept.
  private static let mostKinds = 200

  /// What faulty rows have in common: the column, and the reason without the quoted values.
  private struct Kind: Hashable {
    var column: String
    var reason: String

    init(_ row: RefusedRow) {
      column = row.column
      let parts = row.reason.split(separator: "\"", omittingEmptySubsequences: false)
      reason = parts.enumerated().filter { $0.offset % 2 == 0 }.map { String($0.element) }
        .joined(separator: "\"")
    }
  }

  /// With `keepsAll`, every fault: a row left out here would be in neither the ledger nor the file
  /// of rejected rows. Otherwise the first of each kind.
  private(set) var rows: [RefusedRow] = []
  /// The number of faulty rows in the file.
  private(set) var count = 0
  private var faults = 0
  private var kinds: [Kind: Int] = [:]
  private let keepsAll: Bool

  /// `keepsAll`: the rows are needed afterwards, to be written beside the file.
  init(keepsAll: Bool) { self.keepsAll = keepsAll }

  /// All faults of one row.
  mutating func add(_ faults: [RefusedRow]) {
    count += 1
    for fault in faults { add(fault) }
  }

  private mutating func add(_ row: RefusedRow) {
    faults += 1
    let kind = Kind(row)
    let before = kinds[kind]
    let isCounted = before != nil || kinds.count < Self.mostKinds
    if isCounted { kinds[kind] = (before ?? 0) + 1 }
    if keepsAll || isCounted && before ?? 0 < Self.shown { rows.append(row) }
  }

  var isTooLong: Bool { keepsAll && count > Self.most }

  /// A row to show.
  struct Shown {
    var row: RefusedRow
    /// How many rows are like it, itself included, and not shown separately.
    var alike: Int
  }

  /// At most `shown`, in the order of the file: one of every kind, as far as there is room, then
  /// more of those kinds in which each row has its own fault. `more`: faults not among them.
  var listed: (rows: [Shown], more: Int) {
    let sorted = rows.enumerated().sorted {
      ($0.element.line, $0.offset) < ($1.element.line, $1.offset)
    }.map(\.element)
    var first: [Shown] = []
    var others: [RefusedRow] = []
    var seen: Set<Kind> = []
    for row in sorted {
      let kind = Kind(row)
      if !seen.insert(kind).inserted {
        if !row.isOfColumn { others.append(row) }
      } else if first.count < Self.shown {
        first.append(Shown(row: row, alike: row.isOfColumn ? kinds[kind] ?? 1 : 1))
      }
    }
    first += others.prefix(Self.shown - first.count).map { Shown(row: $0, alike: 1) }
    let more = faults - first.reduce(0) { $0 + $1.alike }
    return (first.sorted { $0.row.line < $1.row.line }, more)
  }
}

/// Rows of a file are bad and nothing of it was kept.
struct BadRows: Error {
  var file: String
  var faults: FaultList
  /// True if the rows were well-formed but the ledger refused them.
  var byLedger: Bool
}

/// What is wrong with an imported file, and where. Never holds a value of a personal column.
struct FileFault: Error, Equatable, CustomStringConvertible {
  var file: String
  /// From 1; `nil` for a fault of the whole file.
  var line: Int?
  /// A column's name, or a path inside a catalog.
  var column: String?
  var reason: String

  init(_ file: String, line: Int? = nil, column: String? = nil, _ reason: String) {
    self.file = file
    self.line = line
    self.column = column
    self.reason = reason
  }

  /// `usage.csv:17: quantity: "1,5" is not a decimal number`
  var description: String {
    var place = file
    if let line { place += ":\(line)" }
    if let column { place += ": \(column)" }
    return "\(place): \(reason)"
  }
}
