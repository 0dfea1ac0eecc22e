import Billing
import Foundation

@testable import JSON
@testable import Services

/// Bodies as an earlier version's services published them in a real close, byte for byte, a line
/// each. Never edited; a new version adds a folder.
enum RecordedMessages {
  static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent()
  static let versions = ["0.1"]

  static func bodies(_ version: String) throws -> [[UInt8]] {
    let file = root.appendingPathComponent("Recorded/\(version)/messages.jsonl")
    return try Data(contentsOf: file).split(separator: UInt8(ascii: "\n")).map(Array.init)
  }

  /// Types that no released version has published yet: they are recorded with the release.
  static let unreleased: Set<EventType> = [.creditApplied]

  /// The first recorded message of each type, for people to look at.
  static func examples() throws -> [EventType: Page] {
    var found: [EventType: Page] = [:]
    for body in try versions.flatMap(bodies) {
      let event = try MessageGate.decode(body, contentType: nil)
      guard found[event.type] == nil else { continue }
      let document = try JSONScanner.scan(body)
      found[event.type] = page(document, 0)
    }
    return found
  }

  private static func page(_ document: JSONDocument, _ index: Int) -> Page {
    let node = document.nodes[index]
    switch node.kind {
    case .object:
      var members: [(key: String, value: Page)] = []
      var at = index + 1
      while at < Int(node.next) {
        let value = Int(document.nodes[at].next)
        members.append((document.text(at), page(document, value)))
        at = Int(document.nodes[value].next)
      }
      return .object(members)
    case .number: return .number(Int64(String(decoding: document.bytes(index), as: UTF8.self)) ?? 0)
    case .yes, .no: return .truth(node.kind == .yes)
    case .string, .null, .array: return .text(document.text(index))
    }
  }
}
