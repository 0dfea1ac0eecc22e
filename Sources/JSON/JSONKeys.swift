/// Whether JSON reads the same to every reader. If an object has a key twice, two readers may take
/// different values, so such a document proves nothing.
public enum JSONKeys {
  /// What makes it ambiguous, or too large to check; `nil` also for input that is not JSON at all.
  public static func fault(in body: [UInt8]) -> String? {
    do {
      _ = try JSONScanner.scan(body)
      return nil
    } catch {
      switch error {
      case .duplicateKey(let key, _): return "has the key \(key) twice"
      case .tooManyKeys: return "has an object of more than \(JSONScanner.maxMembers) keys"
      case .tooDeep: return "is nested deeper than \(JSONScanner.maxDepth) levels"
      case .notJSON: return nil  // The decoder reports what is wrong with it.
      }
    }
  }
}
