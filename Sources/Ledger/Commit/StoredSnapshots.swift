import Billing
import FoundationEssentials

/// The two snapshots of a decision as its row keeps them. What the ledger has elsewhere is not
/// written twice: most messages find the account as they say, and they are in the ledger.
///
/// | `believed` | `found` | means |
/// |---|---|---|
/// | NULL | NULL | as the answered event says; found the same when it was decided |
/// | NULL | text | as the answered event says; found otherwise |
/// | text | text or NULL | as written; `NULL`: nothing was found |
///
/// An event that carries no snapshot, or none of that id: nothing was believed. An operator's
/// actions answer no event: what is NULL was not there.
struct StoredSnapshots {
  var believed: String?
  var found: String?

  init(believed: String?, found: String?) {
    self.believed = believed
    self.found = found
  }

  init(of decision: DecisionRecord, by answer: AnswerKey, at decidedAt: Instant) {
    let isInEvent = answer.isOfEvent && (decision.found != nil || decision.believed == nil)
    let isUnchanged = isInEvent && decision.found == decision.believed?.taken(at: decidedAt)
    believed = isInEvent ? nil : decision.believed.map(SnapshotText.written)
    found = isUnchanged ? nil : decision.found.map(SnapshotText.written)
  }

  /// `carried`: what the answered event says.
  func read(
    of answer: AnswerKey, at decidedAt: Instant, carried: () throws -> Snapshot?
  ) throws -> (believed: Snapshot?, found: Snapshot?) {
    let explicit = try found.map(SnapshotText.read)
    if let believed { return (try SnapshotText.read(believed), explicit) }
    guard answer.isOfEvent, let believed = try carried() else { return (nil, explicit) }
    return (believed, explicit ?? believed.taken(at: decidedAt))
  }
}

extension AnswerKey {
  /// Whether the answered message is an event of the ledger under its own id. A service's further
  /// answers have a suffix after `#`; an operator's action has the id of the event it made, or one
  /// of its own.
  fileprivate var isOfEvent: Bool {
    service != .closectl && !messageID.utf8.contains(UInt8(ascii: "#"))
  }
}

extension Snapshot {
  fileprivate func taken(at instant: Instant) -> Snapshot {
    var snapshot = self
    snapshot.takenAt = instant
    return snapshot
  }
}

/// The part of a message that says what its sender knew.
struct CarriedSnapshot: Decodable {
  private struct Part: Decodable { var snapshot: Snapshot? }
  private var data: Part?

  private var snapshot: Snapshot? { data?.snapshot }

  /// Of the event that was answered about that account: an id may be used by two services, and an
  /// account's own id may be what makes another's event of it.
  static func of(
    _ messageID: String, about account: String, in database: any SQLSession
  ) throws -> Snapshot? {
    try database.all(
      "SELECT \(EventColumns.sql) FROM outgoing_events e WHERE e.id = ? ORDER BY e.sequence",
      [messageID], EventColumns.event
    ).compactMap { try Self.read($0.event) }.first { $0.account == account }
  }

  private static func read(_ event: OutgoingEvent) throws -> Snapshot? {
    do {
      return try JSONDecoder().decode(Self.self, from: Data(event.body)).snapshot
    } catch {
      throw StoreError.damaged("event \(event.id) cannot be read: \(error)")
    }
  }
}

/// A snapshot as the JSON of messages. Read back, for `explain`, by the general decoder.
enum SnapshotText {
  static func written(_ snapshot: Snapshot) -> String {
    var text = "{\"account\":"
    quote(snapshot.account, into: &text)
    text += ",\"position\":\(snapshot.position),\"takenAt\":\"\(snapshot.takenAt.rfc3339)\""
    text += ",\"currency\":\"\(snapshot.currency.code)\",\"balance\":\(snapshot.balance)"
    text += ",\"hold\":\(snapshot.hold),\"collection\":\"\(snapshot.collection.rawValue)\""
    if let invoice = snapshot.invoice {
      text += ",\"invoice\":{\"id\":"
      quote(invoice.id, into: &text)
      text += ",\"total\":\(invoice.total),\"open\":\(invoice.open)"
      text += ",\"status\":\"\(invoice.status.rawValue)\"}"
    }
    text += "}"
    return text
  }

  static func read(_ text: String) throws -> Snapshot {
    try JSONDecoder().decode(Snapshot.self, from: Data(text.utf8))
  }

  private static func quote(_ value: String, into text: inout String) {
    text += "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\u{0}"..<"\u{20}":
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}
