/// On how many days of a month an account is a customer.
public struct ActiveDays: Hashable, Sendable {
  public let active: Int
  public let ofMonth: Int

  /// `active`: as an invoice of the month was issued with.
  public init(active: Int, of period: Period) {
    self.active = active
    ofMonth = period.days
  }

  public static func all(of period: Period) -> ActiveDays {
    ActiveDays(active: period.days, of: period)
  }

  public var isAll: Bool { active == ofMonth }
  public var isNone: Bool { active == 0 }
}

extension ActiveDays: CustomStringConvertible {
  /// `10 of 30 days`
  public var description: String { "\(active) of \(ofMonth) days" }
}

extension Account {
  /// The days of the month from `start` on and before `end`.
  public func activeDays(in period: Period) -> ActiveDays {
    let first = max(start ?? period.firstDay, period.firstDay)
    let next = min(end ?? period.next.firstDay, period.next.firstDay)
    return ActiveDays(
      active: max(0, next.daysSinceEpoch - first.daysSinceEpoch), of: period)
  }

  /// It was not a customer on any day of the month or later.
  public func hasEnded(before period: Period) -> Bool {
    end.map { $0 <= period.firstDay } ?? false
  }

  /// The month contains its last day, or is a later one.
  public func hasEnded(in period: Period) -> Bool {
    end.map { $0 <= period.next.firstDay } ?? false
  }
}
