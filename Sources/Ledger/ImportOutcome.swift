import Billing

/// What became of the rows of a file, or would have, where it was not kept.
public struct ImportOutcome: Sendable, Equatable {
  public var count: ImportCount
  public var refused: [RefusedRow]
  /// What the accounts of a usage file have in its months of metrics without a price.
  public var unpriced: UnpricedMetrics
  /// Invoiced months of an accounts file's accounts that have other days now.
  public var movedDays: MovedDays

  public init(
    count: ImportCount = ImportCount(), refused: [RefusedRow] = [],
    unpriced: UnpricedMetrics = UnpricedMetrics(), movedDays: MovedDays = MovedDays()
  ) {
    self.count = count
    self.refused = refused
    self.unpriced = unpriced
    self.movedDays = movedDays
  }
}

public struct ImportCount: Sendable, Equatable {
  public var added: Int
  public var changed: Int
  /// Already there with the same content.
  public var unchanged: Int

  public init(added: Int = 0, changed: Int = 0, unchanged: Int = 0) {
    self.added = added
    self.changed = changed
    self.unchanged = unchanged
  }
}

/// A row of an import that the ledger refuses, by its place in the file.
public struct RefusedRow: Sendable, Equatable {
  public var line: Int
  public var column: String
  public var reason: String
  /// True for a form in which the whole column is written: it is reported once a file.
  public var isOfColumn: Bool

  public init(line: Int, column: String, reason: String, isOfColumn: Bool = false) {
    self.line = line
    self.column = column
    self.reason = reason
    self.isOfColumn = isOfColumn
  }
}

extension ImportOutcome {
  func kept(_ keeps: ([RefusedRow]) -> Bool) -> ImportOutcome {
    var outcome = self
    if !keeps(refused) { outcome.count = ImportCount() }
    return outcome
  }
}
