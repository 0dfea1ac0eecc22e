import Billing

/// What breaks a rule: how many there are, and the first of them by id. The ids alone are kept, so
/// that an audit of a ledger in which all is wrong stays small.
public struct Violations: Sendable, Equatable {
  public static let shown = 20

  public private(set) var ids: [String] = []
  public private(set) var total = 0

  public init() {}

  public init(_ all: some Sequence<String>) {
    for id in all { add(id) }
  }

  public mutating func add(_ id: String) {
    total += 1
    if ids.count < Self.shown { ids.append(id) }
  }

  public mutating func add(_ others: Violations) {
    ids += others.ids.prefix(Self.shown - ids.count)
    total += others.total
  }

  public var isEmpty: Bool { total == 0 }
}

extension SQLSession {
  func count(_ sql: String, _ values: SQLValues = []) throws -> Int {
    Int(try integer(sql, values) ?? 0)
  }

  /// The first column of every row the statement finds.
  func offenders(_ sql: String, _ values: SQLValues = []) throws -> Violations {
    Violations(try texts(sql, values))
  }
}
