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

extension CivilDate {
  /// As stored: 20261115.
  var stored: Int { (year * 100 + month) * 100 + day }

  init?(stored: Int?) throws {
    guard let stored else { return nil }
    let date = CivilDate(inPeriods: stored / 10_000, stored / 100 % 100, stored % 100)
    guard let date else { throw StoreError.damaged("`\(stored)` is not a date") }
    self = date
  }
}

extension ActiveDays {
  /// As stored; `nil`: all of the month's.
  init(stored: Int?, of period: Period) {
    self = stored.map { ActiveDays(active: $0, of: period) } ?? .all(of: period)
  }

  var stored: Int? { isAll ? nil : active }
}

extension Instant {
  init?(stored milliseconds: Int64?) {
    guard let milliseconds else { return nil }
    self.init(milliseconds: milliseconds)
  }
}
