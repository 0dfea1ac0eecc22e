import Ledger

/// A guard that can be taken away, to show that the simulation notices. None of them can be taken
/// from the services themselves: they are taken from what the services stand on.
enum SimulatedGuard: String, CaseIterable, Sendable {
  /// The ledger's unique key of answers.
  case oneAnswer = "one-answer"
  /// A repetition of an attempt goes out under the attempt's own idempotency key.
  case keyReuse = "key-reuse"
  /// An attempt is committed before the gateway is called.
  case intentFirst = "intent-first"
  /// A message no queue takes is returned, not confirmed.
  case mandatory
  /// A delivery is acknowledged after everything else.
  case ackLast = "ack-last"
  /// A change is refused when the account moved since it was read.
  case positionCheck = "position-check"
  /// Before anything is charged, the gateway's charges are held against the ledger.
  case gatewayWalk = "gateway-walk"
  /// The invoicer asks whether a month can be meant before it closes it.
  case periodGuard = "period-guard"
  /// Only the gateway's own final word ends an attempt.
  case finalWord = "final-word"
  /// A message counts only if the ledger has it.
  case committedOnly = "committed-only"
  /// What the gateway has done already is looked for before it is asked again.
  case lookFirst = "look-first"

  var ofLedger: LedgerGuard? {
    switch self {
    case .oneAnswer: .oneAnswer
    default: nil
    }
  }
}
