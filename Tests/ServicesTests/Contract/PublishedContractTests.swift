import Billing
import Foundation
import Ledger
import Testing

/// docs/messages is made from the code: `make messages` writes it, this holds it there.
@Suite struct PublishedContractTests {
  private static let folder = RecordedMessages.root
    .deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("docs/messages")

  private static func documents() throws -> [String: String] {
    var documents = [
      "asyncapi.yaml": AsyncDocument(examples: try RecordedMessages.examples()).page.yaml,
      "schemas/\(PartSchemas.file)": PartSchemas.page.json,
      "schemas/headers.json": HeaderSchemas.all.json,
      "schemas/dead-letter-headers.json": HeaderSchemas.deadLetter.json,
    ]
    for schema in MessageSchema.all { documents["schemas/\(schema.file)"] = schema.page.json }
    return documents
  }

  private static let isPublishing =
    ProcessInfo.processInfo.environment["MONTHCLOSE_PUBLISH_MESSAGES"] == "yes"

  @Test(.enabled(if: isPublishing)) func `Documents are written`() throws {
    let schemas = Self.folder.appendingPathComponent("schemas")
    try FileManager.default.createDirectory(at: schemas, withIntermediateDirectories: true)
    for (name, text) in try Self.documents() {
      try Data(text.utf8).write(to: Self.folder.appendingPathComponent(name))
    }
  }

  @Test(.disabled(if: isPublishing)) func `Documents are what the code says`() throws {
    for (name, text) in try Self.documents() {
      let file = Self.folder.appendingPathComponent(name)
      let found = FileManager.default.contents(atPath: file.path) ?? Data()
      #expect(
        String(decoding: found, as: UTF8.self) == text,
        "docs/messages/\(name) is not what the code says: `make messages`, and look at the change")
    }
  }

  @Test(.disabled(if: isPublishing)) func `Every file is one of the contract`() throws {
    let known = Set(try Self.documents().keys).union(["README.md", "schemas"])
    let found = FileManager.default.enumerator(atPath: Self.folder.path)
    #expect(Set(found?.compactMap { $0 as? String } ?? []) == known)
  }

  @Test func `Every type was recorded and has a sender`() throws {
    let examples = try RecordedMessages.examples()
    for schema in MessageSchema.all {
      #expect(
        (examples[schema.type] == nil) == RecordedMessages.unreleased.contains(schema.type),
        "\(schema.type.rawValue): recorded, or not released yet")
      #expect(!schema.senders.isEmpty)
    }
  }
}
