import Ledger

extension AuditCheck {
  /// I17: every move of a dead letter was recorded beforehand, once. Covers all periods.
  public static func replays(_ moved: MovedLetterTally) -> AuditFinding {
    AuditFinding(
      .replay, compared: moved.letters,
      "\(moved.letters) dead letters moved by operators, \(moved.unrecorded.total) without their "
        + "record", moved.unrecorded)
  }
}
