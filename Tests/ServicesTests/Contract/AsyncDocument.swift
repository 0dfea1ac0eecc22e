import Billing
import Broker
import Ledger

@testable import Services

/// The AsyncAPI 3.0 document, generated from the types, the bindings and the topology.
struct AsyncDocument {
  /// A published body of each type.
  var examples: [EventType: Page]

  /// The contract's own version: the second number grows with an addition, the first with a type of
  /// a new version.
  static let version = "1.0.0"

  var page: Page {
    .object([
      ("asyncapi", .text("3.0.0")),
      (
        "info",
        .object([
          ("title", .text("month-close")), ("version", .text(Self.version)),
          (
            "description",
            .text(
              "Every message of month-close: CloudEvents 1.0 in structured JSON over AMQP 0-9-1. "
                + "Generated from the code. README.md beside this file says how to use it.")
          ),
          ("license", .object([("name", .text("Apache-2.0"))])),
        ])
      ),
      ("defaultContentType", .text(MonthClose.contentType)),
      (
        "servers",
        .object([
          (
            "broker",
            .object([
              ("host", .text("localhost:5672")), ("protocol", .text("amqp")),
              ("protocolVersion", .text("0-9-1")),
              ("description", .text("RabbitMQ 3.10 or newer.")),
            ])
          )
        ])
      ),
      ("channels", .object(channels)),
      ("operations", .object(operations)),
      ("components", .object([("messages", .object(messages))])),
    ])
  }

  // MARK: Channels

  private var channels: [(key: String, value: Page)] {
    MessageSchema.all.map { ($0.type.routingKey, routed($0)) }
      + MonthClose.services.map { ($0.rawValue, queue($0)) } + [("dead-letters", deadLetters)]
  }

  private func routed(_ schema: MessageSchema) -> Page {
    .object([
      ("address", .text(schema.type.routingKey)), ("summary", .text(schema.summary)),
      ("messages", .object([(schema.type.rawValue, Self.component(schema.type.rawValue))])),
      (
        "bindings",
        amqp([
          ("is", .text("routingKey")),
          (
            "exchange",
            .object([
              ("name", .text(MonthClose.exchange)), ("type", .text("topic")),
              ("durable", .truth(true)), ("autoDelete", .truth(false)),
            ])
          ),
        ])
      ),
    ])
  }

  private func queue(_ service: ServiceName) -> Page {
    let keys = MonthClose.bindings.first { $0.service == service }?.keys ?? []
    let received = MessageSchema.all.filter { $0.receivers.contains(service) }
    return .object([
      ("address", .text(service.rawValue)),
      ("summary", .text("The queue of the \(service.rawValue), a quorum queue.")),
      (
        "messages",
        .object(received.map { ($0.type.rawValue, Self.component($0.type.rawValue)) })
      ),
      ("bindings", queueBinding(service.rawValue)),
      ("x-bound-to", .texts(keys)),
    ])
  }

  private var deadLetters: Page {
    .object([
      ("address", .text("{service}.dead")),
      (
        "summary",
        .text("Messages that could not be processed, bodies unchanged; see `closectl dead`.")
      ),
      ("messages", .object([("dead-letter", Self.component("dead-letter"))])),
      (
        "parameters",
        .object([
          (
            "service",
            .object([
              ("enum", .texts(MonthClose.services.map(\.rawValue))),
              ("description", .text("The service from whose queue the message came.")),
            ])
          )
        ])
      ),
      ("bindings", queueBinding(nil)),
    ])
  }

  /// `nil`: the name is the address, which differs by its parameter.
  private func queueBinding(_ name: String?) -> Page {
    let named: [(key: String, value: Page)] = name.map { [("name", .text($0))] } ?? []
    return amqp([
      ("is", .text("queue")),
      (
        "queue",
        .object(
          named + [
            ("durable", .truth(true)), ("exclusive", .truth(false)), ("autoDelete", .truth(false)),
          ])
      ),
    ])
  }

  // MARK: Operations

  private var operations: [(key: String, value: Page)] {
    let sending = MessageSchema.all.flatMap { schema in
      schema.senders.map { ("\($0.rawValue)-sends-\(Self.name(schema.type))", sends(schema)) }
    }
    return sending + MonthClose.services.map { ("\($0.rawValue)-receives", receives($0)) }
  }

  private func sends(_ schema: MessageSchema) -> Page {
    .object([
      ("action", .text("send")),
      ("channel", .reference("#/channels/\(schema.type.routingKey)")),
      ("summary", .text(schema.summary)),
      (
        "messages",
        .list([Self.message(schema.type, in: schema.type.routingKey)])
      ),
      (
        "bindings",
        amqp([("deliveryMode", .number(2)), ("mandatory", .truth(!schema.receivers.isEmpty))])
      ),
    ])
  }

  private func receives(_ service: ServiceName) -> Page {
    let received = MessageSchema.all.filter { $0.receivers.contains(service) }
    return .object([
      ("action", .text("receive")),
      ("channel", .reference("#/channels/\(service.rawValue)")),
      ("summary", .text("Processed once per message id; acknowledged after the commit.")),
      ("messages", .list(received.map { Self.message($0.type, in: service.rawValue) })),
      ("bindings", amqp([("ack", .truth(true))])),
    ])
  }

  private static func name(_ type: EventType) -> String {
    type.routingKey.replacing(".", with: "-")
  }

  private static func component(_ name: String) -> Page {
    .reference("#/components/messages/\(name)")
  }

  private static func message(_ type: EventType, in channel: String) -> Page {
    .reference("#/channels/\(channel)/messages/\(type.rawValue)")
  }

  private func amqp(_ members: [(key: String, value: Page)]) -> Page {
    .object([("amqp", .object(members + [("bindingVersion", .text("0.3.0"))]))])
  }
}
