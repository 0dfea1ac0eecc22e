import Billing
import Broker
import Ledger

@testable import Services

extension AsyncDocument {
  var messages: [(key: String, value: Page)] {
    MessageSchema.all.map { ($0.type.rawValue, message($0)) } + [("dead-letter", deadLetter)]
  }

  private func message(_ schema: MessageSchema) -> Page {
    var members: [(key: String, value: Page)] = [
      ("name", .text(schema.type.rawValue)), ("title", .text(schema.type.rawValue)),
      ("summary", .text(schema.summary)), ("contentType", .text(MonthClose.contentType)),
      ("headers", Self.schema("headers.json")), ("payload", Self.schema(schema.file)),
      ("bindings", amqp(messageType: schema.type.rawValue)),
    ]
    if let example = examples[schema.type] {
      members.append(("examples", .list([.object([("payload", example)])])))
    }
    return .object(members)
  }

  private var deadLetter: Page {
    .object([
      ("name", .text("dead-letter")), ("title", .text("Dead letter")),
      ("summary", .text("Any body; the headers say what was wrong with it.")),
      ("headers", Self.schema("dead-letter-headers.json")), ("payload", .object([])),
    ])
  }

  private func amqp(messageType: String) -> Page {
    .object([
      (
        "amqp",
        .object([("messageType", .text(messageType)), ("bindingVersion", .text("0.3.0"))])
      )
    ])
  }

  private static func schema(_ file: String) -> Page {
    .object([
      ("schemaFormat", .text("application/schema+json;version=draft-07")),
      ("schema", .reference("./schemas/\(file)")),
    ])
  }
}

/// JSON Schema of the application headers, `mc-` ones: what the runner adds to a message that comes
/// back later or is a dead letter. A message as it was first published has none.
enum HeaderSchemas {
  private static func count(_ description: String) -> Page {
    .object([
      ("type", .text("integer")), ("minimum", .number(0)), ("description", .text(description)),
    ])
  }

  private static func text(_ description: String) -> Page {
    .object([("type", .text("string")), ("description", .text(description))])
  }

  private static func time(_ description: String) -> Page {
    .object([
      ("allOf", .list([PartSchemas.reference("time")])), ("description", .text(description)),
    ])
  }

  /// The words are those of the table of reasons in docs/operations.md.
  private static var reason: Page {
    .object([
      ("type", .text("string")), ("enum", .texts(FaultReason.allCases.map(\.rawValue))),
      ("description", .text("Why it could not be worked, the last time.")),
    ])
  }

  static let fields: [(name: String, schema: Page)] = [
    (Header.attempts, count("How often it has failed.")),
    (Header.putOffs, count("How often it was put off besides: what it needs was away.")),
    (Header.firstFailedAt, time("When it failed first.")),
    (Header.lastFailedAt, time("When it failed last.")),
    (Header.reason, reason),
    (Header.error, text("A sentence: what was wrong and where.")),
    (Header.queue, text("The service's queue it was taken from.")),
    (Header.replays, count("How often an operator has sent it again.")),
    (Header.replayedBy, text("The manifest of the last replay.")),
  ]

  private static func page(_ title: String, _ text: String, required: [String]) -> Page {
    var members: [(key: String, value: Page)] = [
      ("$schema", .text(PartSchemas.draft)), ("title", .text(title)),
      ("description", .text(text)), ("type", .text("object")),
    ]
    if !required.isEmpty { members.append(("required", .texts(required))) }
    members.append(("properties", .object(fields.map { ($0.name, $0.schema) })))
    return .object(members)
  }

  static var all: Page {
    page(
      "AMQP headers of a message",
      "None when it is first published; these when it failed and came back, or was replayed.",
      required: [])
  }
  static var deadLetter: Page {
    page(
      "AMQP headers of a dead letter",
      "Of one that a service put there; one that the broker itself put there has its `x-death`.",
      required: [
        Header.attempts, Header.firstFailedAt, Header.lastFailedAt, Header.reason, Header.error,
        Header.queue,
      ])
  }
}
