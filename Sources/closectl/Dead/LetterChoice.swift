import Billing
import Ledger
import Operations
import Services

/// The selected dead letters: those in the wanted classes, and the rest.
struct LetterChoice {
  private(set) var taken: [ChosenDeadLetter]
  let left: [ChosenDeadLetter]

  private static let shown = 20

  init(_ letters: [ChosenDeadLetter], classes: Set<DeadLetterClass>) {
    let isTaken = { (letter: ChosenDeadLetter) in
      letter.isWhole && classes.contains(letter.classification.letterClass)
    }
    taken = letters.filter(isTaken)
    left = letters.filter { !isTaken($0) }
  }

  var queues: Set<String> { Set(taken.map(\.queue)) }

  mutating func setTargets(_ target: (ChosenDeadLetter) -> String) {
    for index in taken.indices { taken[index].target = target(taken[index]) }
  }

  // MARK: Answers

  /// What would be done, or that nothing is to be done.
  func output(_ action: DeadLetterAction) -> CommandOutput {
    let document = MovesDocument(action: action, taken: taken, left: left)
    let what = "\(grouped(taken.count)) letters to \(action.rawValue)"
    return CommandOutput(
      document,
      text: [taken.isEmpty ? "nothing to \(action.rawValue)" : what] + lines(taken) + leftLines)
  }

  /// What was done.
  func output(_ manifest: Manifest, _ letters: [ManifestLetter]) -> CommandOutput {
    let moved = letters.count { $0.state == .removed }
    let absent = letters.count { $0.state == .absent }
    let document = MovesDocument(
      manifest: manifest, moved: moved, absent: absent, taken: taken, left: left)
    let gone = absent > 0 ? ["\(grouped(absent)) were no longer there"] : []
    return CommandOutput(
      document,
      text: [
        "\(manifest.action.past) \(grouped(moved)) of \(grouped(letters.count)) letters "
          + "(manifest \(manifest.id))"
      ] + gone + leftLines)
  }

  func output(nothingToContinue why: String) -> CommandOutput {
    CommandOutput(MovesDocument(why: why), text: [why])
  }

  private var leftLines: [String] {
    left.isEmpty ? [] : ["\(grouped(left.count)) letters stay where they are:"] + lines(left)
  }

  private func lines(_ letters: [ChosenDeadLetter]) -> [String] {
    if letters.isEmpty { return [] }
    var table = Table([
      .init("id"), .init("service"), .init("class"), .init("message"), .init("why"),
    ])
    for letter in letters.prefix(Self.shown) {
      table.add(
        letter.id + (letter.copies > 1 ? " x\(letter.copies)" : ""), letter.service.rawValue,
        letter.classification.letterClass.rawValue, letter.messageID, letter.classification.why)
    }
    let more = letters.count - Self.shown
    return table.lines() + (more > 0 ? ["… and \(grouped(more)) more"] : [])
  }
}

extension DeadLetterAction {
  var past: String {
    switch self {
    case .replay: "replayed"
    case .refresh: "refreshed"
    case .discard: "discarded"
    }
  }
}

struct MovesDocument: Encodable {
  struct Letter: Encodable {
    var id: String
    var service: String
    var messageID: String
    var reason: String
    var letterClass: String
    var rule: String
    var why: String
    var copies: Int
    var target: String

    private enum CodingKeys: String, CodingKey {
      case id, service, messageID, reason, rule, why, copies, target
      case letterClass = "class"
    }

    init(_ letter: ChosenDeadLetter) {
      id = letter.id
      service = letter.service.rawValue
      messageID = letter.messageID
      reason = letter.reason
      letterClass = letter.classification.letterClass.rawValue
      rule = letter.classification.rule
      why = letter.classification.why
      copies = letter.copies
      target = letter.target
    }
  }

  var action: String?
  /// Absent where nothing was moved.
  var manifest: String?
  var operatorName: String?
  var reason: String?
  var moved = 0
  var absent = 0
  var taken: [Letter] = []
  var left: [Letter] = []
  var note: String?

  private enum CodingKeys: String, CodingKey {
    case action, manifest, reason, moved, absent, taken, left, note
    case operatorName = "operator"
  }

  init(action: DeadLetterAction, taken: [ChosenDeadLetter], left: [ChosenDeadLetter]) {
    self.action = action.rawValue
    self.taken = taken.map(Letter.init)
    self.left = left.map(Letter.init)
  }

  init(
    manifest: Manifest, moved: Int, absent: Int, taken: [ChosenDeadLetter], left: [ChosenDeadLetter]
  ) {
    self.init(action: manifest.action, taken: taken, left: left)
    self.manifest = manifest.id
    operatorName = manifest.operatorName
    reason = manifest.reason
    self.moved = moved
    self.absent = absent
  }

  init(why: String) { note = why }
}
