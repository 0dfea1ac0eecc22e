import Billing

public struct MailKey: Hashable, Sendable {
  public var about: String
  public var account: String
  public var kind: MailKind

  public init(about: String, account: String, kind: MailKind) {
    self.about = about
    self.account = account
    self.kind = kind
  }
}

/// Which mails are asked for. All that is given has to hold.
public struct MailQuestion: Sendable {
  public var period: Period?
  public var account: String?
  public var kind: MailKind?
  public var state: MailRecord.State?
  /// The events they tell of.
  public var abouts: [String]?
  public var limit: Int

  public init(
    period: Period? = nil, account: String? = nil, kind: MailKind? = nil,
    state: MailRecord.State? = nil, abouts: [String]? = nil, limit: Int = .max
  ) {
    self.period = period
    self.account = account
    self.kind = kind
    self.state = state
    self.abouts = abouts
    self.limit = limit
  }
}

/// Mails of a period that share their state and, unless they were sent, its reason.
public struct MailCount: Sendable, Equatable {
  public var state: MailRecord.State
  public var reason: String?
  public var mails: Int
  /// When the first of them was decided on.
  public var since: Instant

  public init(state: MailRecord.State, reason: String?, mails: Int, since: Instant) {
    self.state = state
    self.reason = reason
    self.mails = mails
    self.since = since
  }
}
