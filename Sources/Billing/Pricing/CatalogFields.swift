/// The keys of one mapping of a catalog, read strictly: every error names its place, and an unknown
/// key is an error, because it is a typing mistake in a price.
struct CatalogFields {
  private let container: KeyedDecodingContainer<CatalogKey>

  init(_ decoder: any Decoder) throws {
    do {
      container = try decoder.container(keyedBy: CatalogKey.self)
    } catch {
      throw CatalogError(at: decoder.codingPath, "expected a mapping of keys to values")
    }
  }

  func allow(_ keys: [String], of what: String? = nil) throws {
    let unknown = container.allKeys.map(\.stringValue).filter { !keys.contains($0) }.sorted()
    guard let key = unknown.first else { return }
    let known = keys.joined(separator: ", ")
    throw error(key, "unknown key\(what.map { " for \($0)" } ?? ""), expected one of \(known)")
  }

  func error(_ key: String, _ reason: String) -> CatalogError {
    CatalogError(at: container.codingPath, key: key, reason)
  }

  func has(_ key: String) throws -> Bool {
    let key = CatalogKey(key)
    guard container.contains(key) else { return false }
    return try !container.decodeNil(forKey: key)
  }

  func string(_ key: String) throws -> String {
    try need(key)
    do {
      return try container.decode(String.self, forKey: CatalogKey(key))
    } catch {
      throw self.error(key, "expected text")
    }
  }

  func integer(_ key: String) throws -> Int {
    try need(key)
    do {
      return try container.decode(Int.self, forKey: CatalogKey(key))
    } catch {
      throw self.error(key, "expected a whole number without quotes")
    }
  }

  /// A decimal string. A bare number is refused: a reader may already have rounded it.
  func decimal(_ key: String) throws -> ExactDecimal {
    try need(key)
    if isBareNumber(key) {
      throw error(key, "expected a decimal in quotes, such as \"0.2135\", found a bare number")
    }
    let text: String
    do {
      text = try container.decode(String.self, forKey: CatalogKey(key))
    } catch {
      throw self.error(key, "expected a decimal in quotes, such as \"0.2135\"")
    }
    do {
      return try ExactDecimal(parsing: text)
    } catch {
      throw self.error(key, "\(error)\(DecimalHint.of(text, key))")
    }
  }

  func value<Value: Decodable>(_ key: String, as type: Value.Type = Value.self) throws -> Value {
    try need(key)
    do {
      return try container.decode(type, forKey: CatalogKey(key))
    } catch {
      throw CatalogError(error)
    }
  }

  func list<Value: Decodable>(_ key: String, of type: Value.Type = Value.self) throws -> [Value] {
    try need(key)
    var items: any UnkeyedDecodingContainer
    do {
      items = try container.nestedUnkeyedContainer(forKey: CatalogKey(key))
    } catch {
      throw self.error(key, "expected a list")
    }
    var values: [Value] = []
    while !items.isAtEnd {
      do {
        values.append(try items.decode(type))
      } catch {
        throw CatalogError(error)
      }
    }
    return values
  }

  /// `nil` for a key that is absent or null.
  func optional<Value>(_ key: String, _ read: (String) throws -> Value) throws -> Value? {
    try has(key) ? try read(key) : nil
  }

  private func need(_ key: String) throws {
    guard try has(key) else { throw error(key, "missing") }
  }

  /// Both JSON's and YAML's decoders give a `Double` only for a number without quotes.
  private func isBareNumber(_ key: String) -> Bool {
    do {
      _ = try container.decode(Double.self, forKey: CatalogKey(key))
      return true
    } catch {
      // Not a number: the normal case.
      return false
    }
  }
}

/// A hint about text written beside a number.
private enum DecimalHint {
  static func of(_ text: String, _ key: String) -> String {
    if text.contains("%") {
      return key == "rate" ? "; \"0.081\" is 8.1 %" : "; leave out the percent sign"
    }
    if text.contains(where: { $0.isLetter || $0.isCurrencySymbol }) {
      return "; leave out the currency and the unit, which the catalog and the product define"
    }
    return text.contains { ",'\u{2019}".contains($0) }
      ? "; use a point before the decimals and no thousands separator" : ""
  }
}

/// Any key, so that unknown ones are seen.
struct CatalogKey: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }

  init(_ name: String) { stringValue = name }
  init?(stringValue: String) { self.init(stringValue) }
  init?(intValue: Int) { nil }
}

extension CatalogFields {
  /// `2026-12`, or the month's first day, which is what many systems keep.
  func month(_ key: String) throws -> Period {
    let text = try string(key)
    let month = text.hasSuffix("-01") && text.utf8.count == 10 ? text.dropLast(3) : text[...]
    do {
      return try Period(month)
    } catch {
      throw self.error(
        key,
        "expected the first month that the catalog prices, such as 2026-12, or that month's "
          + "first day, found '\(text.prefix(40))'")
    }
  }
}
