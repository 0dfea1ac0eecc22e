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

  var ofLedger: LedgerGuard? {
    switch self {
    case .oneAnswer: .oneAnswer
    default: nil
    }
  }
}
