import JSON

/// The part of Stripe's search language that the sandbox supports: clauses joined by AND or a
/// space, each `metadata['key']:'value'`, `status:'…'`, `currency:'…'`, or `created`, `amount` with
/// `:`, `>`, `<`, `>=`, `<=`. Negation, OR and substring search are refused by name.
struct SearchQuery: Sendable, Equatable {
  enum Clause: Sendable, Equatable {
    case metadata(key: String, value: String)
    case text(field: String, value: String)
    case number(field: String, comparison: String, value: Int64)
  }

  private(set) var clauses: [Clause] = []

  /// The invoice it asks for, if any: the only lookup that has an index.
  var invoice: String? {
    for case .metadata("invoice", let value) in clauses { return value }
    return nil
  }

  init(_ text: String) throws(StripeFailure) {
    var rest = Substring(text)
    while true {
      rest = rest.drop { $0 == " " }
      guard !rest.isEmpty else { break }
      let word = rest.prefix { $0.isLetter }.uppercased()
      if word == "AND" {
        rest = rest.dropFirst(3)
        continue
      }
      if word == "OR" || rest.first == "-" {
        throw .invalid("The sandbox does not search with OR or negation.", param: "query")
      }
      clauses.append(try Self.clause(&rest))
    }
    guard !clauses.isEmpty else { throw .missing("query") }
  }

  private static func clause(_ rest: inout Substring) throws(StripeFailure) -> Clause {
    let field = String(rest.prefix { $0.isLetter || $0 == "_" })
    rest = rest.dropFirst(field.count)
    if field == "metadata" {
      guard rest.first == "[" else { throw unsupported(field) }
      rest = rest.dropFirst()
      let key = try quoted(&rest)
      guard rest.hasPrefix("]:") else { throw unsupported("metadata['\(key)']") }
      rest = rest.dropFirst(2)
      return .metadata(key: key, value: try quoted(&rest))
    }
    let comparison = String(rest.prefix { ":<>=".contains($0) })
    rest = rest.dropFirst(comparison.count)
    switch field {
    case "status" where comparison == ":", "currency" where comparison == ":":
      return .text(field: field, value: try quoted(&rest))
    case "created", "amount":
      let digits = rest.prefix { $0.isNumber }
      guard [":", ">", "<", ">=", "<="].contains(comparison), let value = Int64(digits) else {
        throw unsupported(field)
      }
      rest = rest.dropFirst(digits.count)
      return .number(field: field, comparison: comparison, value: value)
    default: throw unsupported(field)
    }
  }

  private static func quoted(_ rest: inout Substring) throws(StripeFailure) -> String {
    guard let quote = rest.first, quote == "'" || quote == "\"" else {
      throw .invalid("A value in the query is not in quotes.", param: "query")
    }
    var value = ""
    var index = rest.index(after: rest.startIndex)
    while index < rest.endIndex, rest[index] != quote {
      if rest[index] == "\\" {
        index = rest.index(after: index)
        guard index < rest.endIndex else { break }
      }
      value.append(rest[index])
      index = rest.index(after: index)
    }
    guard index < rest.endIndex else {
      throw .invalid("A quote in the query is not closed.", param: "query")
    }
    rest = rest[rest.index(after: index)...]
    return value
  }

  private static func unsupported(_ field: String) -> StripeFailure {
    .invalid("The sandbox cannot search by '\(field)' like this.", param: "query")
  }
}

extension SearchQuery {
  func takes(_ view: IntentView) -> Bool {
    clauses.allSatisfy { clause in
      switch clause {
      case .metadata("invoice", let value): view.intent.invoice == value
      case .metadata(let key, let value): view.hasMetadata(key, value)
      case .text("status", let value): view.status == value
      case .text(_, let value): view.intent.currency.code.lowercased() == value.lowercased()
      case .number("created", let comparison, let value):
        Self.compare(view.intent.created.milliseconds / 1_000, comparison, value)
      case .number(_, let comparison, let value):
        Self.compare(view.intent.amount, comparison, value)
      }
    }
  }

  private static func compare(_ left: Int64, _ comparison: String, _ right: Int64) -> Bool {
    switch comparison {
    case ">": left > right
    case "<": left < right
    case ">=": left >= right
    case "<=": left <= right
    default: left == right
    }
  }
}

extension IntentView {
  /// Metadata is kept as JSON text; a name with its value appears in it exactly once as `"k":"v"`,
  /// because every quote inside a text is escaped.
  func hasMetadata(_ key: String, _ value: String) -> Bool {
    let pair = JSONWriter.sorted([key: value]).dropFirst().dropLast()
    return Array(intent.metadata.utf8).contains(pair)
  }
}
