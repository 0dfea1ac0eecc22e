/// The columns that a statement selects, a case for each, in order. The raw value is its SQL:
///
///     enum Column: String, ColumnList { case account = "a.id", count = "count(*)" }
///     database.all("SELECT \(Column.sql) FROM …", of: Column.self) { row in row[.account] }
///
/// So each column is named once, and one that is added moves no other.
protocol ColumnList: CaseIterable, Equatable, RawRepresentable<String>, Sendable
where AllCases == [Self] {
  /// The columns whose value is the sum of their SQL, which may pass 64 bits on its way: see
  /// `WideSum`. They are read by `sum` and `wideSum`.
  static var sums: [Self] { get }
  /// Other than the raw value where that cannot be a literal.
  var sql: String { get }
  /// What follows SELECT. A list that is read often keeps it: `static let sql = selected()`.
  static var sql: String { get }
}

extension ColumnList {
  static var sums: [Self] { [] }
  static var sql: String { selected() }
  var sql: String { Self.sums.contains(self) ? WideSum.sql(rawValue) : rawValue }

  static func selected() -> String { allCases.map(\.sql).joined(separator: ", ") }

  /// How many places of a row the list takes up.
  static var width: Int { allCases.count + sums.count }

  /// The column's place, the list's first being 0. A sum has two.
  static func offset(of column: Self) -> Int {
    let number = number(of: column)
    if sums.isEmpty { return number }
    return allCases.prefix(number).reduce(number) { $0 + (sums.contains($1) ? 1 : 0) }
  }

  /// Cases without values are numbered in their order, in one byte (Swift's ABI, "Fragile Enum
  /// Layout"); a single case takes none. Every value of every row is read by this: looking for the
  /// case among all of them took longer than SQLite did.
  private static func number(of column: Self) -> Int {
    let number = withUnsafeBytes(of: column) { Int($0.first ?? 0) }
    assert(allCases[number] == column, "\(Self.self) is not numbered in order")
    return number
  }
}

/// A row, read by the columns of a list.
struct Record<List: ColumnList> {
  private let row: Row
  /// Where the list begins.
  private let first: Int

  fileprivate init(_ row: Row, first: Int) {
    self.row = row
    self.first = first
  }

  private func place(_ column: List) -> Int { first + List.offset(of: column) }

  func isNull(_ column: List) -> Bool { row.isNull(at: place(column)) }

  subscript(column: List) -> Int64 { row[at: place(column)] }
  subscript(column: List) -> Int64? { isNull(column) ? nil : self[column] as Int64 }
  subscript(column: List) -> Int { Int(self[column] as Int64) }
  subscript(column: List) -> Int? { isNull(column) ? nil : self[column] as Int }
  subscript(column: List) -> Bool { self[column] as Int64 != 0 }
  subscript(column: List) -> String { row[at: place(column)] }
  subscript(column: List) -> String? { isNull(column) ? nil : self[column] as String }
  subscript(column: List) -> [UInt8] { row[at: place(column)] }

  /// A word of a fixed list; another word means that the store was changed by somebody else.
  func word<Value: RawRepresentable<String>>(
    _ column: List, _ type: Value.Type = Value.self
  ) throws -> Value {
    try row.word(at: place(column), type)
  }

  func sum(_ column: List) throws -> Int64 { try WideSum.value(wideSum(column)) }

  /// 0 where there was nothing to add.
  func wideSum(_ column: List) -> Int128 {
    let place = place(column)
    return WideSum.wide(
      row.isNull(at: place) ? 0 : row[at: place],
      row.isNull(at: place + 1) ? 0 : row[at: place + 1])
  }
}

extension Row {
  func read<List: ColumnList>(_: List.Type) -> Record<List> { Record(self, first: 0) }

  /// Where a statement selects two lists: the second one.
  func read<List: ColumnList, Before: ColumnList>(
    _: List.Type, after _: Before.Type
  ) -> Record<List> {
    Record(self, first: Before.width)
  }
}

extension SQLSession {
  func first<List: ColumnList, Value>(
    _ sql: String, _ values: SQLValues = [], of _: List.Type = List.self,
    _ decode: (Record<List>) throws -> Value
  ) throws -> Value? {
    try first(sql, values) { row in try decode(row.read(List.self)) }
  }

  func all<List: ColumnList, Value>(
    _ sql: String, _ values: SQLValues = [], of _: List.Type = List.self,
    _ decode: (Record<List>) throws -> Value
  ) throws -> [Value] {
    try all(sql, values) { row in try decode(row.read(List.self)) }
  }
}
