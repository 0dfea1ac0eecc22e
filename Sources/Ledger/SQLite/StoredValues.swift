import Billing
import GRDB

extension Period {
  /// As stored: 202611.
  var stored: Int { year * 100 + month }

  init(stored: Int) throws {
    try self.init(year: stored / 100, month: stored % 100)
  }

  init?(stored: Int?) throws {
    guard let stored else { return nil }
    try self.init(stored: stored)
  }
}

extension Instant {
  init?(stored milliseconds: Int64?) {
    guard let milliseconds else { return nil }
    self.init(milliseconds: milliseconds)
  }
}

extension Row {
  /// A word of a fixed list; another word means that the store was changed by somebody else.
  func word<Value: RawRepresentable<String>>(_ index: Int, _: Value.Type = Value.self) throws
    -> Value
  {
    let text: String = self[index]
    guard let value = Value(rawValue: text) else {
      throw StoreError.damaged("`\(text)` is no \(Value.self)")
    }
    return value
  }
}
