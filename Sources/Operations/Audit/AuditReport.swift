import Billing
import Ledger

public struct AuditReport: Sendable, Equatable {
  public var period: Period
  public var state: RunState
  /// Of the ledger, when the audit began.
  public var position: Int64
  /// Nothing was in progress, so what may differ while services work must agree now.
  public var isQuiet: Bool
  public var findings: [AuditFinding]

  public var isOK: Bool { !findings.contains { $0.verdict == .broken } }

  public func finding(_ invariant: Invariant) -> AuditFinding? {
    findings.first { $0.invariant == invariant }
  }
}

/// There is nothing to audit.
public enum AuditFault: Error, Equatable, CustomStringConvertible {
  case neverStarted(Period)
  case positionAhead(asked: Int64, ledger: Int64)
  /// A certificate covers a finished close in which every invariant holds.
  case notClosed(Period)
  case broken([Invariant])

  public var description: String {
    switch self {
    case .neverStarted(let period): "the close of \(period) was never started"
    case .positionAhead(let asked, let ledger):
      "position \(asked) is ahead of the ledger, which is at \(ledger)"
    case .notClosed(let period):
      "the close of \(period) is still running; only a finished close can be certified"
    case .broken(let invariants):
      "no certificate was written, because these do not hold: "
        + invariants.map(\.rawValue).joined(separator: ", ")
    }
  }
}

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
  public var violations: Violations
  /// Only the ledger's own record was checked, not what really happened outside.
  public var isOfRecordOnly = false

  /// Broken by any offender.
  init(_ invariant: Invariant, compared: Int, _ summary: String, _ violations: Violations) {
    self.invariant = invariant
    self.compared = compared
    self.summary = summary
    self.violations = violations
    verdict = violations.isEmpty ? .holds : .broken
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

/// What must hold, under the names used in the documentation: `I` always, `L` once the last fault
/// is over.
public enum Invariant: String, Sendable, CaseIterable {
  case balanced = "I1"
  case oneCharge = "I2"
  case oneInvoice = "I3"
  case gatewayEqualsLedger = "I4"
  case oneEnd = "I5"
  case noLoss = "I6"
  case noGhost = "I7"
  case once = "I8"
  case honestDeadLetters = "I9"
  case soundStore = "I10"
  case attempts = "I11"
  case fencing = "I12"
  case mail = "I13"
  case bounded = "I14"
  case authority = "I15"
  case cleanOutput = "I16"
  case replay = "I17"
  case report = "I18"
  case conservation = "I19"
  case memory = "I20"
  case quiet = "L1"
  case consumers = "L2"
  case unknownSettled = "L3"

  public var rule: String {
    switch self {
    case .balanced: "entries balance"
    case .oneCharge: "one charge per invoice"
    case .oneInvoice: "one invoice per account"
    case .gatewayEqualsLedger: "gateway equals ledger"
    case .oneEnd: "one end per account"
    case .noLoss: "no message lost"
    case .noGhost: "no message that was never committed"
    case .once: "every message answered once"
    case .honestDeadLetters: "dead letters for their own fault"
    case .soundStore: "the store is sound"
    case .attempts: "attempts by the rules"
    case .fencing: "a superseded process commits nothing"
    case .mail: "one mail per event"
    case .bounded: "bounded memory and time"
    case .authority: "each change by whom it is for"
    case .cleanOutput: "clean output"
    case .replay: "replays are recorded"
    case .report: "report equals ledger"
    case .conservation: "nothing appears or vanishes"
    case .memory: "no charge is forgotten"
    case .quiet: "nothing left waiting"
    case .consumers: "a consumer that stopped is noticed"
    case .unknownSettled: "unknown attempts get settled"
    }
  }

  /// Where it is verified instead; `nil` if an audit can check it.
  var shownElsewhere: String? {
    switch self {
    case .fencing: "needs a process to be stopped and resumed: see the simulation and chaos runs"
    case .bounded: "needs hostile input and measuring: see test_bad_messages.py and make bench"
    case .cleanOutput: "needs hostile names: see the tests of mails, tables and logs"
    case .consumers: "concerns running services, not the data they leave behind"
    default: nil
    }
  }
}
