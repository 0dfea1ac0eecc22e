/// How a message's belief compares with what is true now.
public enum Finding: String, Sendable, Codable, CaseIterable {
  /// Nothing moved.
  case same
  /// Something moved, but not what matters here.
  case harmless
  /// What matters here moved.
  case material
  /// The message's purpose is already fulfilled.
  case alreadyDone
  /// An earlier external call of ours is still pending.
  case unsettled
  /// The store has not caught up with the message.
  case behind
  /// Belief and ledger cannot both be right.
  case contradiction
}

/// One line of a service's published table.
public struct DecisionRow<Situation: Sendable, Action: Sendable>: Sendable {
  /// The stable name under which decisions are recorded (`charge.partly-paid`).
  public let rule: String
  public let found: String
  public let finding: Finding
  public let does: String
  let applies: @Sendable (Situation) -> Bool
  let action: @Sendable (Situation) -> Action

  public init(
    _ rule: String, found: String, _ finding: Finding, does: String,
    when applies: @escaping @Sendable (Situation) -> Bool,
    action: @escaping @Sendable (Situation) -> Action
  ) {
    self.rule = rule
    self.found = found
    self.finding = finding
    self.does = does
    self.applies = applies
    self.action = action
  }
}

/// What was decided, under which rule.
public struct Decided<Action: Sendable>: Sendable {
  public let rule: String
  public let finding: Finding
  public let action: Action
}

/// A service's decisions as data: rows in order of precedence; the first that applies decides. The
/// last row always applies; a table without such a row is a programming error and traps.
public struct DecisionTable<Situation: Sendable, Action: Sendable>: Sendable {
  public let name: String
  public let rows: [DecisionRow<Situation, Action>]

  public init(_ name: String, _ rows: [DecisionRow<Situation, Action>]) {
    self.name = name
    self.rows = rows
  }

  public func decide(_ situation: Situation) -> Decided<Action> {
    for row in rows where row.applies(situation) {
      return Decided(rule: row.rule, finding: row.finding, action: row.action(situation))
    }
    preconditionFailure("table \(name) has no row for every case")
  }
}
