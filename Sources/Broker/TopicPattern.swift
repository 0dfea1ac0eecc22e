/// A binding key of a topic exchange: words between dots, `*` for one word, `#` for any number.
public struct TopicPattern: Sendable {
  private let words: [Substring]

  public init(_ key: String) { words = Self.split(key) }

  public func matches(_ routingKey: String) -> Bool {
    Self.matches(words[...], Self.split(routingKey)[...])
  }

  private static func split(_ key: String) -> [Substring] {
    key.split(separator: ".", omittingEmptySubsequences: false)
  }

  private static func matches(
    _ pattern: ArraySlice<Substring>, _ words: ArraySlice<Substring>
  ) -> Bool {
    guard let first = pattern.first else { return words.isEmpty }
    let rest = pattern.dropFirst()
    if first == "#" {
      return matches(rest, words) || (!words.isEmpty && matches(pattern, words.dropFirst()))
    }
    guard let word = words.first, first == "*" || first == word else { return false }
    return matches(rest, words.dropFirst())
  }
}
