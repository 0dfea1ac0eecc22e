import Ledger

/// An audit's result for one invariant.
public struct AuditFinding: Sendable, Equatable {
  public enum Verdict: String, Sendable {
    case holds
    case broken
    /// Nothing is wrong, but a person should look.
    case attention
    case notChecked
  }

  public var invariant: Invariant
  public var verdict: Verdict
  /// How many things were compared.
  public var compared: Int
  /// What was compared, in words and figures.
  public var summary: String
  public var offenders: Violations
  /// Only the ledger's own record was checked, not what really happened outside.
  public var isOfRecordOnly = false

  /// Broken by any offender.
  init(_ invariant: Invariant, compared: Int, _ summary: String, _ offenders: Violations) {
    self.invariant = invariant
    self.compared = compared
    self.summary = summary
    self.offenders = offenders
    verdict = offenders.isEmpty ? .holds : .broken
  }

  static func notChecked(_ invariant: Invariant, _ why: String) -> AuditFinding {
    var finding = AuditFinding(invariant, compared: 0, why, Violations())
    finding.verdict = .notChecked
    return finding
  }

  /// The same, for somebody to look at.
  func forAttention() -> AuditFinding {
    var finding = self
    if verdict == .holds { finding.verdict = .attention }
    return finding
  }
}

/// The checks: each takes plain evidence and returns a finding; none reads anything.
public enum AuditCheck {}
