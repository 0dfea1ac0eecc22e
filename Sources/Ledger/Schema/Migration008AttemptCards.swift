extension Migration {
  /// Which card an attempt charged, so that a card that was declined for good is told from the one
  /// that took its place.
  static let attemptCards = Migration(number: 8) { words in
    """
    ALTER TABLE attempts ADD COLUMN payment_method \(words.text);
    """
  }
}
