import Billing
import FoundationEssentials

/// Snapshots as they are kept with decisions: the JSON of messages. Written by hand, since two are
/// written for every message; read back, for `explain`, by the general decoder.
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
