import Billing
import Foundation
import Testing

@testable import Services

/// A field that is added, renamed or removed in the code fails here until the schemas say so.
@Suite struct ContractFieldTests {
  /// An event with every field there is. `Mirror` shows one that a new field left empty.
  private static func full() throws -> Event {
    var event = try EventSamples.event(.chargeDeclined)
    event.refreshof = "charge.declined:2026-11/meter-1000317:1"
    event.data.range = .init(number: 3, of: 2000)
    event.data.mail = .init(kind: .receipt, about: "charge.succeeded:2026-11/meter-1:1")
    event.data.payment = .init(amount: 9012, reference: "bank-1")
    event.data.reason = "charge.same"
    event.data.period = event.period
    event.data.ends = ["paid": 1]
    event.data.early = true
    event.data.past = false
    event.data.late = false
    return event
  }

  private static func emptyFields(_ value: Any, at place: String) -> [String] {
    let mirror = Mirror(reflecting: value)
    if mirror.displayStyle == .optional {
      guard let inside = mirror.children.first else { return [place] }
      return emptyFields(inside.value, at: place)
    }
    guard mirror.displayStyle == .struct else { return [] }
    return mirror.children.flatMap { emptyFields($0.value, at: "\(place).\($0.label ?? "")") }
  }

  /// `data.charge.amount` for every member of an encoded event; keys of `ends` are data.
  private static func fields(_ value: Any, at place: String = "") -> Set<String> {
    guard let members = value as? [String: Any], place != "data.ends" else { return [place] }
    var found: Set<String> = place.isEmpty ? [] : [place]
    for (key, inner) in members {
      found.formUnion(fields(inner, at: place.isEmpty ? key : "\(place).\(key)"))
    }
    return found
  }

  /// The same of the published schemas: all types together.
  private static func published() throws -> Set<String> {
    let parts = try object(PartSchemas.page)
    var found: Set<String> = []
    for schema in MessageSchema.all {
      found.formUnion(properties(try object(schema.page), parts, at: ""))
    }
    return found
  }

  private static func object(_ page: Page) throws -> [String: Any] {
    try #require(
      try JSONSerialization.jsonObject(with: Data(page.json.utf8)) as? [String: Any])
  }

  private static func properties(
    _ schema: [String: Any], _ parts: [String: Any], at place: String
  ) -> Set<String> {
    var found: Set<String> = place.isEmpty ? [] : [place]
    if place == "data.ends" { return found }
    if let reference = schema["$ref"] as? String,
      let name = reference.split(separator: "/").last,
      let all = parts["definitions"] as? [String: Any],
      let target = all[String(name)] as? [String: Any]
    {
      return properties(target, parts, at: place)
    }
    for part in schema["allOf"] as? [[String: Any]] ?? [] {
      found.formUnion(properties(part, parts, at: place))
    }
    for (key, inner) in schema["properties"] as? [String: [String: Any]] ?? [:] {
      found.formUnion(properties(inner, parts, at: place.isEmpty ? key : "\(place).\(key)"))
    }
    return found
  }

  @Test func `Every field of the code is published and no other`() throws {
    let event = try Self.full()
    #expect(
      Self.emptyFields(event, at: "event") == [], "a new field: give it a value in this test")
    let byName = try JSONSerialization.jsonObject(with: JSONEncoder().encode(event))
    let written = try JSONSerialization.jsonObject(with: Data(encode(event)))
    #expect(Self.fields(byName) == Self.fields(written), "EventWriting writes every field")
    #expect(Self.fields(written) == (try Self.published()))
  }

  @Test func `Every field of the code is read back`() throws {
    let event = try Self.full()
    #expect(try MessageGate.decode(encode(event), contentType: nil) == event)
  }
}
