import Billing

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
