import Ledger

/// The bad rows of one file. All are counted; how many are kept is bounded.
struct FaultList {
  /// How many are told in full.
  static let shown = 20
  /// A file with more bad rows than this is not a file of that kind.
  static let most = 100_000

  private(set) var rows: [RefusedRow] = []
  private(set) var count = 0
  private let keepsAll: Bool

  /// `keepsAll`: the rows are needed afterwards, to be written beside the file.
  init(keepsAll: Bool) { self.keepsAll = keepsAll }

  mutating func add(_ row: RefusedRow) {
    count += 1
    if rows.count < (keepsAll ? Self.most : Self.shown) { rows.append(row) }
  }

  var isTooLong: Bool { keepsAll && count > Self.most }
}

/// Rows of a file are bad and nothing of it was kept.
struct BadRows: Error {
  var file: String
  var rows: [RefusedRow]
  var count: Int
  /// True when the rows were good by themselves and the ledger refused them.
  var byLedger: Bool
}
