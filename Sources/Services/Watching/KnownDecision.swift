import Billing
import Ledger

/// A class and a rule that a service's decisions can have: of its table, and those that are no
/// choice between several.
struct KnownDecision: Hashable, Sendable {
  var finding: Finding
  var rule: String

  static func all(of service: ServiceName) -> [KnownDecision] {
    switch service {
    case .invoicer, .closectl:
      rows(DecisionTable.invoicer) + rows(DecisionTable.start)
        + [.same, .alreadyDone].map { KnownDecision(finding: $0, rule: "invoice.range") }
    case .charger:
      // An attempt that was found unsettled keeps the rule it was made under.
      rows(DecisionTable.charger)
        + rows(DecisionTable.charger).map { KnownDecision(finding: .unsettled, rule: $0.rule) }
    case .mailer: rows(DecisionTable.mailer)
    case .holder: rows(DecisionTable.holder) + rows(DecisionTable.lifter)
    case .reporter:
      rows(DecisionTable.reporter) + [KnownDecision(finding: .same, rule: "report.complete")]
    }
  }

  private static func rows<Situation, Action>(
    _ table: DecisionTable<Situation, Action>
  ) -> [KnownDecision] {
    table.rows.map { KnownDecision(finding: $0.finding, rule: $0.rule) }
  }
}

extension FaultReason {
  /// Why a service pauses, as far as that is counted.
  static func pausing(_ service: ServiceName) -> [FaultReason] {
    guard service == .charger else { return [.storeUnavailable] }
    return [
      .storeUnavailable, .gatewayUnknown, .gatewayBusy, .gatewayUnauthorized, .gatewayUnreachable,
      .gatewayUnlisted, .ledgerForgot,
    ]
  }
}

extension AttemptState {
  /// How an attempt's round ends; an unknown one may get another end later.
  static let ends: [AttemptState] = [
    .succeeded, .declinedSoft, .declinedHard, .unknown, .lost, .parked,
  ]
}
