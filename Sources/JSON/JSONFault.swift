/// Why bytes are not JSON that reads the same to every reader. `byte` counts from 0.
public enum JSONFault: Error, Equatable, Sendable {
  /// `expected` ends the sentence "expected …".
  case notJSON(byte: Int, expected: String)
  case tooDeep(byte: Int)
  /// The key as an error may show it: in quotes, or described by its length.
  case duplicateKey(String, byte: Int)
  case tooManyKeys(byte: Int)
}
