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
      ("summary", .text("Any body; the headers say why it was refused.")),
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

/// JSON Schema of the application headers, `mc-…`: those that the runner adds to a message that is
/// retried later or becomes a dead letter. A message that is first published has none.
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

  /// The values are those of the table of reasons in docs/operations.md.
  private static var reason: Page {
    .object([
      ("type", .text("string")), ("enum", .texts(FaultReason.allCases.map(\.rawValue))),
      ("description", .text("Why it could not be processed the last time.")),
    ])
  }

  static let fields: [(name: String, schema: Page)] = [
    (Header.attempts, count("How often it has failed.")),
    (
      Header.putOffs,
      count("How often it was also deferred because something it needs was unavailable.")
    ),
    (Header.firstFailedAt, time("When it first failed.")),
    (Header.lastFailedAt, time("When it last failed.")),
    (Header.reason, reason),
    (Header.error, text("A sentence: what was wrong and where.")),
    (Header.queue, text("The service's queue it was taken from.")),
    (Header.replays, count("How often an operator has replayed it.")),
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
      "A message has none when it is first published, and these once it was retried or replayed.",
      required: [])
  }
  static var deadLetter: Page {
    page(
      "AMQP headers of a dead letter",
      "Set by the service that gave up on it; what the broker dead-letters has `x-death` instead.",
      required: [
        Header.attempts, Header.firstFailedAt, Header.lastFailedAt, Header.reason, Header.error,
        Header.queue,
      ])
  }
}
