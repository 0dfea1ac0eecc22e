import Billing
import Broker
import Ledger
import Operations
import Services

struct ShownLetter: Encodable {
  struct Done: Encodable {
    var action: String
    var manifest: String
    var at: String
    var operatorName: String
    var reason: String
    var target: String
    var replays: Int

    private enum CodingKeys: String, CodingKey {
      case action, manifest, at, reason, target, replays
      case operatorName = "operator"
    }
  }

  var letter: LetterDocument
  var copies: Int
  var letterClass: String
  var rule: String
  var why: String
  var headers: [String: String]
  var comparison: Comparison
  /// As text; invalid bytes are shown as replacement characters.
  var body: String
  var done: [Done]

  private enum CodingKeys: String, CodingKey {
    case letter, copies, rule, why, headers, comparison, body, done
    case letterClass = "class"
  }

  init(
    _ letter: DeadLetter, _ copies: Int, _ classification: DeadLetterClassification,
    _ comparison: Comparison,
    _ records: [DeadLetterRecord]
  ) {
    self.letter = LetterDocument(letter)
    self.copies = copies
    letterClass = classification.letterClass.rawValue
    rule = classification.rule
    why = classification.why
    headers = letter.delivery.headers.mapValues(\.shown)
    self.comparison = comparison
    body = String(decoding: letter.delivery.body, as: UTF8.self)
    done = records.map {
      Done(
        action: $0.manifest.action.rawValue, manifest: $0.manifest.id, at: $0.at.rfc3339,
        operatorName: $0.manifest.operatorName, reason: $0.manifest.reason, target: $0.target,
        replays: $0.replays)
    }
  }

  func lines(style: Style) -> [String] {
    let title = "dead letter \(letter.id) of \(letter.service)" + (copies > 1 ? ", x\(copies)" : "")
    return [style.bold(title)] + facts + [""] + comparisonLines(style) + [""] + headerLines
      + [
        "", style.bold("body, \(grouped(letter.bytes)) bytes"),
        printable(String(body.prefix(4000))),
      ]
      + history(style)
  }

  private var facts: [String] {
    var table = Table([.init(""), .init("")])
    table.add("message", letter.messageID.isEmpty ? "without id" : letter.messageID)
    table.add("type", letter.type.isEmpty ? "unknown" : letter.type)
    table.add("reason", letter.reason)
    table.add("error", letter.error ?? "unknown")
    table.add("attempts", "\(letter.attempts)")
    table.add("first failed", letter.firstFailedAt ?? "unknown")
    table.add("last failed", letter.lastFailedAt ?? "unknown")
    table.add("replays", "\(letter.replays)")
    table.add("if replayed now", "\(letterClass): \(why) (\(rule))")
    return table.lines()
  }

  private func comparisonLines(_ style: Style) -> [String] {
    if let absent = comparison.absent { return [printable(absent)] }
    var table = Table([
      .init("field"), .init("in the message"), .init("in the ledger"), .init(""),
    ])
    for field in comparison.fields {
      table.add(
        field.field, inText(field.believed), inText(field.ledger), field.differs ? "differs" : "")
    }
    return table.lines(style: style)
  }

  private var headerLines: [String] {
    var table = Table([.init("header"), .init("value")])
    for (name, value) in headers.sorted(by: { $0.key < $1.key }) { table.add(name, value) }
    return headers.isEmpty ? ["no headers"] : table.lines()
  }

  private func history(_ style: Style) -> [String] {
    if done.isEmpty { return [] }
    return ["", style.bold("earlier actions on this message")]
      + done.map {
        printable(
          "\($0.at) \($0.action) by \($0.operatorName) to \($0.target): \($0.reason) "
            + "(\($0.manifest))"
        )
      }
  }
}

extension HeaderValue {
  fileprivate var shown: String {
    switch self {
    case .string(let text): text
    case .integer(let number): "\(number)"
    case .boolean(let flag): "\(flag)"
    case .list(let texts): texts.joined(separator: ", ")
    }
  }
}
