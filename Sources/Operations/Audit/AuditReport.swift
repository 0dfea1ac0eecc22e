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
