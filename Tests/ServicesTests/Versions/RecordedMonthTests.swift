import Billing
import Broker
import Foundation
import Ledger
import Synchronization
import Testing

@testable import Services

/// The messages of earlier versions, delivered to the services of this one: the same decisions and
/// the same events that follow.
@Suite struct RecordedMonthTests {
  private static func file(_ version: String) -> URL {
    RecordedMessages.root.appendingPathComponent("Recorded/\(version)/month.jsonl")
  }

  private static let recording =
    ProcessInfo.processInfo.environment["MONTHCLOSE_RECORD_MONTH"] ?? ""

  /// Version 0.1's month was recorded by a clock that was a year behind, in December 2025: the
  /// month it closed was not over yet, which the invoicer did not mind then.
  private static func recorded(_ version: String) throws -> [RecordedStep] {
    let text = try String(contentsOf: file(version), encoding: .utf8)
    return try text.replacing("2025-12", with: "2026-12").split(separator: "\n").map {
      try JSONDecoder().decode(RecordedStep.self, from: Data($0.utf8))
    }
  }

  /// For a version that is about to be released: `MONTHCLOSE_RECORD_MONTH=0.2`, once.
  @Test(.enabled(if: !recording.isEmpty)) func `Month is recorded`() async throws {
    let month = try await RecordedMonth.started()
    let deliveries = Deliveries()
    deliveries.watch(month.world)
    try await month.play()
    let steps = try await Self.steps(month, deliveries.seen.withLock { $0 })
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let lines = try steps.map { String(decoding: try encoder.encode($0), as: UTF8.self) + "\n" }
    try Data(lines.joined().utf8).write(to: Self.file(Self.recording))
  }

  private static func steps(
    _ month: RecordedMonth, _ seen: Deliveries.Seen
  ) async throws -> [RecordedStep] {
    var steps: [RecordedStep] = []
    for id in seen.order {
      var answers: [String: [String]] = [:]
      for service in seen.services[id] ?? [] {
        answers[service.rawValue] = try await month.answers(to: id, by: service)
      }
      let body = String(decoding: seen.bodies[id] ?? [], as: UTF8.self)
      steps.append(RecordedStep(id: id, body: body, answers: answers))
    }
    return steps
  }

  /// Plays the month again with other bodies in place of today's, and compares what came of it.
  private func play(
    _ recorded: [RecordedStep], as form: @escaping @Sendable (String) throws -> [UInt8]
  ) async throws {
    var bodies: [String: [UInt8]] = [:]
    for step in recorded { bodies[step.id] = try form(step.body) }
    let unknown = Mutex<Set<String>>([])
    let deliveries = Deliveries { [bodies] id, body in
      guard let old = bodies[id] else {
        unknown.withLock { _ = $0.insert(id) }
        return body
      }
      return old
    }
    let month = try await RecordedMonth.started()
    deliveries.watch(month.world)
    try await month.play()
    #expect(unknown.withLock { $0 } == [], "events that version did not publish")
    let found = try await Self.steps(month, deliveries.seen.withLock { $0 })
    #expect(Set(found.map(\.id)) == Set(recorded.map(\.id)))
    let expected = Dictionary(uniqueKeysWithValues: recorded.map { ($0.id, $0.answers) })
    for step in found { #expect(step.answers == expected[step.id], "\(step.id)") }
    #expect(try await month.world.store.problems() == [])
  }

  @Test(arguments: RecordedMessages.versions)
  func `Every recorded message leads to the same decision and events`(_ version: String)
    async throws
  {
    let recorded = try Self.recorded(version)
    let types = try recorded.map {
      try MessageGate.decode(Array($0.body.utf8), contentType: nil).type
    }
    #expect(Set(types).union(RecordedMessages.unreleased) == Set(EventType.allCases))
    try await play(recorded) { Array($0.utf8) }
  }

  /// As a later minor version might send them.
  @Test(arguments: RecordedMessages.versions)
  func `Additions nobody knows change nothing`(_ version: String) async throws {
    try await play(try Self.recorded(version)) { body in
      try Self.changed(body) { path, object in
        object["x-\(path.count)"] = ["nested": [1, NSNull(), "text"]]
        object["addition"] = "new"
        if path.isEmpty { object["traceparent"] = "00-4bf92f3577b34da6-00f067aa0ba902b7-01" }
        if path == ["data"] { object["discount"] = ["amount": 5, "currency": "CHF"] }
      }
    }
  }

  /// As an older version sent them, before these fields were there.
  @Test(arguments: RecordedMessages.versions)
  func `Fields that may be absent are not missed`(_ version: String) async throws {
    try await play(try Self.recorded(version)) { body in
      try Self.changed(body) { _, object in
        for name in [
          "causationid", "datacontenttype", "traceparent", "reason", "declineCode",
          "nextAttemptAt", "ends",
        ] { object[name] = nil }
      }
    }
  }

  /// Every object of the message, changed; keys of `ends` are data.
  private static func changed(
    _ body: String, _ change: ([String], inout [String: Any]) -> Void
  ) throws -> [UInt8] {
    func walk(_ value: Any, _ path: [String]) -> Any {
      guard var object = value as? [String: Any], path.last != "ends" else { return value }
      for (key, inner) in object { object[key] = walk(inner, path + [key]) }
      change(path, &object)
      return object
    }
    let message = try JSONSerialization.jsonObject(with: Data(body.utf8))
    return Array(try JSONSerialization.data(withJSONObject: walk(message, [])))
  }

  @Test(arguments: RecordedMessages.versions)
  func `Messages of a real close come out with the bytes they went in with`(_ version: String)
    throws
  {
    for body in try RecordedMessages.bodies(version) {
      let event = try MessageGate.decode(body, contentType: MonthClose.contentType)
      #expect(try encode(event) == body, "\(event.id)")
    }
  }
}
