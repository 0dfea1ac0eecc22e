/// How an account pays: with `auto` we charge the card, with `manual` the customer pays the invoice
/// (bank transfer).
public enum CollectionMethod: String, Codable, Sendable, CaseIterable {
  case auto, manual
}

/// A customer's account as imported. Name and e-mail address are personal data: only the mailer
/// uses them, and they never go into a message, a log line or a snapshot.
public struct Account: Sendable, Equatable {
  public var id: String
  public var name: String
  public var email: String
  public var currency: Currency
  /// ISO 3166-1 alpha-2; decides which tax applies.
  public var country: String
  /// IANA name; the account's months begin and end in it.
  public var timeZone: String
  public var collection: CollectionMethod
  /// The gateway's name for the card, `nil` for manual payers.
  public var paymentMethod: String?
  /// Days after the issue of an unpaid invoice until the account is put on hold.
  public var holdAfterDays: Int
  /// The first day it is a customer, in its time zone; `nil`: it has always been one.
  public var start: CivilDate?
  /// The first day it is no longer a customer; `nil` if it stays one.
  public var end: CivilDate?

  public init(
    id: String, name: String, email: String, currency: Currency, country: String,
    timeZone: String, collection: CollectionMethod, paymentMethod: String?, holdAfterDays: Int,
    start: CivilDate? = nil, end: CivilDate? = nil
  ) {
    self.id = id
    self.name = name
    self.email = email
    self.currency = currency
    self.country = country
    self.timeZone = timeZone
    self.collection = collection
    self.paymentMethod = paymentMethod
    self.holdAfterDays = holdAfterDays
    self.start = start
    self.end = end
  }
}

extension Account {
  /// We collect from its card, but this amount is too small to charge.
  public func isTooSmallToCollect(
    _ amountMinor: Int64, at gateway: GatewayCurrencies = .stripe
  ) -> Bool {
    collection == .auto && paymentMethod != nil && gateway.isTooSmall(amountMinor, currency)
  }
}

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
