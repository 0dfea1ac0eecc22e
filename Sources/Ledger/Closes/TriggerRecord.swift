import Billing

/// A trigger of a close that was refused, that was heard only because it said that this month is
/// meant, or that took accounts in which came after the start.
public struct TriggerRecord: Sendable, Equatable {
  public enum Outcome: String, Sendable {
    /// Or took accounts in that came after the start.
    case started, refused
  }

  public var messageID: String
  /// The row of the table that decided: `close.not-over`.
  public var rule: String
  /// What the message says it comes from; anybody may say anything there.
  public var source: String
  public var outcome: Outcome
  public var explanation: String
  public var firstAt: Instant
  public var lastAt: Instant
  /// How often a message of this id ended like this.
  public var times: Int

  public init(
    messageID: String, rule: String, source: String, outcome: Outcome, explanation: String,
    firstAt: Instant, lastAt: Instant, times: Int
  ) {
    self.messageID = messageID
    self.rule = rule
    self.source = source
    self.outcome = outcome
    self.explanation = explanation
    self.firstAt = firstAt
    self.lastAt = lastAt
    self.times = times
  }
}

/// What became of a trigger.
public struct OpenedRun: Sendable {
  public var decision: StartDecision
  /// `nil` if there is none and none was started.
  public var run: CloseRun?
  /// The accounts this trigger entered, if any.
  public var growth: RunGrowth?
  /// To be published next.
  public var events: [StoredEvent]

  public init(
    decision: StartDecision, run: CloseRun?, growth: RunGrowth? = nil, events: [StoredEvent]
  ) {
    self.decision = decision
    self.run = run
    self.growth = growth
    self.events = events
  }
}

/// A month that nobody has closed and that has usage no invoice contains.
public struct UnclosedUsage: Sendable, Equatable {
  public var period: Period
  public var accounts: Int

  public init(period: Period, accounts: Int) {
    self.period = period
    self.accounts = accounts
  }
}
