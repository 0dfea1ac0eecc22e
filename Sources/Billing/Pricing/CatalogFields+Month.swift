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
