/// The known name most similar to a mistyped one.
public enum Suggestion {
  public static func name(to typed: String, among known: [String]) -> String {
    let typed = String(typed.prefix(100))
    return known.min { distance(typed, $0) < distance(typed, $1) } ?? ""
  }

  /// Levenshtein: letters inserted, left out or changed.
  public static func distance(_ a: String, _ b: String) -> Int {
    let other = Array(b.utf8)
    var row = Array(0...other.count)
    for (i, letter) in a.utf8.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for j in other.indices {
        let change = diagonal + (letter == other[j] ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(change, row[j] + 1, row[j + 1] + 1)
      }
    }
    return row[other.count]
  }
}
