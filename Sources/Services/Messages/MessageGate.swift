import Billing
import JSON

/// Where messages come in: bounded before anything is decoded, strict after.
///
/// A message that passes is well-formed within fixed bounds and has every part its type needs. One
/// that does not is itself at fault, on every delivery, and belongs in the dead letters. Attributes
/// and fields that this version does not know are ignored.
public enum MessageGate {
  public static let maxBytes = 256 * 1024
  /// Levels of objects and arrays, the message itself included.
  public static let maxDepth = JSONScanner.maxDepth
  public static let contentType = "application/cloudevents+json"

  public static func decode(
    _ body: [UInt8], contentType: String?
  ) throws(MessageFault) -> Event {
    try checkSize(body)
    try checkContentType(contentType)
    let message = try message(scan(body))
    try checkVersion(message)
    let type = try type(of: message)
    let event = try Event(reading: message, type: type)
    try checkParts(of: event)
    return event
  }

  private static func scan(_ body: [UInt8]) throws(MessageFault) -> JSONDocument {
    do { return try JSONScanner.scan(body) } catch { throw MessageFault(error) }
  }

  private static func checkSize(_ body: [UInt8]) throws(MessageFault) {
    guard body.count <= maxBytes else { throw .tooLarge(bytes: body.count) }
  }

  /// A missing content type and plain `application/json` are accepted too: a close may be triggered
  /// by any AMQP client, and many use one or the other. The same rules apply to the body.
  private static func checkContentType(_ found: String?) throws(MessageFault) {
    guard let found, found != contentType else { return }
    let essence = found.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
    guard essence == contentType || essence == "application/json" else {
      throw .wrongContentType(JSONDocument.shown(found))
    }
  }

  private static func message(_ document: JSONDocument) throws(MessageFault) -> MessageObject {
    guard document.nodes[0].kind == .object else {
      throw .invalid(place: "body", expected: "an object", found: document.found(0))
    }
    return MessageObject(document: document, node: 0, path: "")
  }

  private static func checkVersion(_ message: MessageObject) throws(MessageFault) {
    _ = try message.value("specversion", "\"1.0\"") { $0 == "1.0" ? $0 : nil }
  }

  private static func type(of message: MessageObject) throws(MessageFault) -> EventType {
    let name = try message.text("type")
    guard let type = EventType(rawValue: name) else {
      throw .unknownType(JSONDocument.shown(name))
    }
    return type
  }

  static func checkParts(of event: Event) throws(MessageFault) {
    for part in MessageCatalogue.message(event.type).required where !event.data.has(part) {
      throw .missing(part.place)
    }
  }
}
