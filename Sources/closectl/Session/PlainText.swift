import ArgumentParser

/// A text by an operator that is kept in the ledger: a reason, a name, a reference. Must not be all
/// blank.
func checkPlainText(_ text: String, of option: String, longest: Int = 500) throws {
  guard !text.allSatisfy(\.isWhitespace), text.utf8.count <= longest,
    !text.unicodeScalars.contains(where: \.isControl)
  else {
    throw ValidationError(
      "\(option) must be 1 to \(longest) bytes of plain text, not all blank")
  }
}
