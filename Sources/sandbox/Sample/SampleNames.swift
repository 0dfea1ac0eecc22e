/// Made-up names, with the letters that names have.
enum SampleNames {
  private static let first = [
    "Aline", "Ben", "Chiara", "Dario", "Élodie", "Fabian", "Giulia", "Hanna", "Inès", "Jürg",
    "Katja", "Luca", "Mélanie", "Noah", "Ophélie", "Paul", "Regula", "Søren", "Tim", "Zoë",
  ]
  private static let last = [
    "Ammann", "Bürgi", "Caduff", "Dörig", "Egli", "Favre", "Grünig", "Huber", "Iten", "Jäggi",
    "Köhler", "Lüthi", "Müller", "Nägeli", "O'Brien", "Perrin", "Rossi", "Schäfer", "Tanner",
    "Weiss",
  ]
  private static let trade = [
    "Bakery", "Cycles", "Design", "Garden", "Imaging", "Logistics", "Print", "Robotics", "Studio",
    "Travel",
  ]

  /// A person, or (one in three) a company.
  static func name(_ random: inout SplitMix64) -> String {
    let family = random.pick(last)
    return random.happens(333)
      ? "\(family) \(random.pick(trade)) & Co" : "\(random.pick(first)) \(family)"
  }
}
