import Synchronization

/// One of the ledger's statements as a connection knows it: what its values are, and the names
/// under which its forms are prepared.
final class PostgreSQLStatement {
  let sql: String
  let types: [PostgreSQLType]
  /// The table a statement writes to.
  private(set) lazy var table = PostgreSQLText.table(sql)
  /// For many rows at once; `nil` where there is no such form.
  private(set) lazy var written = PostgreSQLText.written(sql, types)

  /// The names of the forms that are prepared: for one list of values, for many questions, for
  /// many rows to write.
  var single: String?
  var asking: String?
  var writing: String?

  init(_ sql: String, _ types: [PostgreSQLType]) {
    self.sql = sql
    self.types = types
  }
}

/// What the server takes each statement's values for: asked once, for all connections to it.
final class PostgreSQLSignatures: Sendable {
  private let known = Mutex<[String: [PostgreSQLType]]>([:])

  func types(of sql: String, _ ask: () throws -> [PostgreSQLType]) rethrows -> [PostgreSQLType] {
    if let types = known.withLock({ $0[sql] }) { return types }
    let types = try ask()
    known.withLock { $0[sql] = types }
    return types
  }
}

/// A statement with its values, ready to be sent.
struct PostgreSQLCall {
  enum Statement {
    case prepared(name: String)
    /// Planned when it comes.
    case text(String)
  }

  var statement: Statement
  var values: PostgreSQLParameters
}

/// The ledger's statements in PostgreSQL's form: for one list of values, and for many at once.
enum PostgreSQLText {
  /// `?` and `?1` become `$1`, `$2`, …
  static func numbered(_ sql: String) -> String {
    replacingPlaces(sql) { "$\($0)" }
  }

  /// Answers a question for many lists of values. The last column tells which list a row is of.
  static func asked(_ sql: String, _ types: [PostgreSQLType]) -> String {
    """
    SELECT x.*, q.ord FROM \(unnested(types)) WITH ORDINALITY AS q(\(names(types)), ord)
    CROSS JOIN LATERAL (\(replacingPlaces(sql) { "q.p\($0)" })) x
    """
  }

  /// Writes many rows; `nil` for a statement that has no such form.
  static func written(_ sql: String, _ types: [PostgreSQLType]) -> String? {
    let text = replacingPlaces(sql) { "q.p\($0)" }
    let rows = "\(unnested(types)) WITH ORDINALITY AS q(\(names(types)), ord)"
    switch sql.prefix(while: { $0 != " " }) {
    case "INSERT": return inserted(text, rows)
    case "UPDATE": return joined(text, "FROM \(rows)")
    case "DELETE": return joined(text, "USING \(rows)")
    default: return nil
    }
  }

  /// The table a statement writes to.
  static func table(_ sql: String) -> String {
    let words = sql.split(whereSeparator: \.isWhitespace).prefix(3).map(String.init)
    return words.first == "UPDATE" ? words[1] : words.last ?? ""
  }

  private static func inserted(_ text: String, _ rows: String) -> String? {
    guard let values = text.firstRange(of: "VALUES (") else { return nil }
    var depth = 1
    var end = values.upperBound
    while depth > 0 {
      if text[end] == "(" { depth += 1 }
      if text[end] == ")" { depth -= 1 }
      end = text.index(after: end)
    }
    let list = text[values.upperBound..<text.index(before: end)]
    return "\(text[..<values.lowerBound])SELECT \(list) FROM \(rows) ORDER BY q.ord \(text[end...])"
  }

  /// Before the condition that is the statement's own, not one of a query inside it.
  private static func joined(_ text: String, _ clause: String) -> String? {
    var depth = 0
    for index in text.indices {
      if text[index] == "(" { depth += 1 }
      if text[index] == ")" { depth -= 1 }
      if depth == 0 && text[index...].hasPrefix("WHERE ") {
        return "\(text[..<index])\(clause) \(text[index...])"
      }
    }
    return nil
  }

  private static func unnested(_ types: [PostgreSQLType]) -> String {
    let arrays = types.enumerated().map { "$\($0.offset + 1)::\($0.element.name)[]" }
    return "unnest(\(arrays.joined(separator: ", ")))"
  }

  private static func names(_ types: [PostgreSQLType]) -> String {
    (1...types.count).map { "p\($0)" }.joined(separator: ", ")
  }

  /// Outside of texts in quotes.
  private static func replacingPlaces(_ sql: String, _ name: (Int) -> String) -> String {
    var text = ""
    var place = 0
    var isQuoted = false
    var rest = sql[...]
    while let character = rest.popFirst() {
      if character == "'" { isQuoted.toggle() }
      guard character == "?" && !isQuoted else {
        text.append(character)
        continue
      }
      let digits = rest.prefix(while: \.isWholeNumber)
      rest = rest.dropFirst(digits.count)
      place = Int(digits) ?? place + 1
      text += name(place)
    }
    return text
  }
}
