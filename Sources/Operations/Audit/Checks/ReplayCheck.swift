import Ledger

extension AuditCheck {
  /// I17: whatever moved a dead letter was recorded before, once. Of all periods.
  public static func replays(_ moved: MovedLetterTally) -> AuditFinding {
    AuditFinding(
      .replay, compared: moved.letters,
      "\(moved.letters) dead letters moved by operators, \(moved.unrecorded.total) without their "
        + "record", moved.unrecorded)
  }
}
