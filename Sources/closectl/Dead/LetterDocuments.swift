import Billing
import Broker
import Ledger
import Operations
import Services

/// A dead letter as scripts read it.
struct LetterDocument: Encodable {
  var id: String
  var service: String
  var messageID: String
  var type: String
  var reason: String
  var error: String?
  var attempts: Int
  var firstFailedAt: String?
  var lastFailedAt: String?
  var replays: Int
  var bytes: Int
  var bodyHash: String

  init(_ letter: DeadLetter) {
    id = letter.id
    service = letter.service.rawValue
    messageID = letter.messageID
    type = letter.type
    reason = letter.reason
    error = letter.error
    attempts = letter.attempts
    firstFailedAt = letter.firstFailedAt?.rfc3339
    lastFailedAt = letter.lastFailedAt?.rfc3339
    replays = letter.replays
    bytes = letter.delivery.body.count
    bodyHash = letter.bodyHash
  }
}

/// Counts by service and reason, with the time of the oldest and of the newest.
struct LetterGroups {
  struct Group {
    var count = 0
    var oldest: Instant?
    var newest: Instant?
  }

  private(set) var groups: [DeadLetterCounts.Key: Group] = [:]
  private(set) var count = 0

  mutating func add(_ letter: DeadLetter) {
    count += 1
    var group = groups[.init(letter.service, letter.reason)] ?? Group()
    group.count += 1
    if let failed = letter.lastFailedAt {
      group.oldest = min(group.oldest ?? failed, failed)
      group.newest = max(group.newest ?? failed, failed)
    }
    groups[.init(letter.service, letter.reason)] = group
  }

  static func counted(_ count: Int) -> String {
    count == 1 ? "1 dead letter" : "\(grouped(count)) dead letters"
  }

  var sorted: [(key: DeadLetterCounts.Key, value: Group)] { groups.sorted { $0.key < $1.key } }

  var lines: [String] {
    if count == 0 { return ["no dead letters"] }
    var table = Table([
      .init("service"), .init("reason"), .init("letters", .right), .init("oldest"),
      .init("newest"),
    ])
    for (key, group) in sorted {
      table.add(
        key.service.rawValue, key.reason, grouped(group.count), group.oldest?.rfc3339 ?? "-",
        group.newest?.rfc3339 ?? "-")
    }
    return table.lines() + [Self.counted(count)]
  }
}

struct GroupDocument: Encodable {
  struct Group: Encodable {
    var service: String
    var reason: String
    var count: Int
    var oldest: String?
    var newest: String?
  }

  var count: Int
  var groups: [Group]

  init(_ groups: LetterGroups) {
    count = groups.count
    self.groups = groups.sorted.map { key, group in
      Group(
        service: key.service.rawValue, reason: key.reason, count: group.count,
        oldest: group.oldest?.rfc3339, newest: group.newest?.rfc3339)
    }
  }
}

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
