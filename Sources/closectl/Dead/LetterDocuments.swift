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
