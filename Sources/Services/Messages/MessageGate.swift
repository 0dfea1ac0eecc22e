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

/// Why a message can never be processed, no matter who sent it or how often it is delivered: the
/// reason a dead letter carries. Texts name the place and repeat at most a short, plain value.
public enum MessageFault: Error, Equatable, Sendable {
  case wrongContentType(String)
  case tooLarge(bytes: Int)
  /// `byte` counts from 0; `expected` ends the sentence "expected …".
  case notJSON(byte: Int, expected: String)
  case tooDeep(byte: Int)
  case duplicateKey(String, byte: Int)
  case unknownType(String)
  /// The place, as a dotted path: `data.snapshot.invoice`.
  case missing(String)
  case invalid(place: String, expected: String, found: String)

  /// A stable word for scripts, headers and metrics.
  public var reason: String {
    switch self {
    case .wrongContentType: "wrong-content-type"
    case .tooLarge: "too-large"
    case .notJSON: "not-json"
    case .tooDeep: "too-deep"
    case .duplicateKey: "duplicate-key"
    case .unknownType: "unknown-type"
    case .missing: "missing-field"
    case .invalid: "invalid-field"
    }
  }
}

extension MessageFault: CustomStringConvertible {
  /// One sentence.
  public var description: String {
    switch self {
    case .wrongContentType(let found):
      "content type: expected application/cloudevents+json, found \(found)"
    case .tooLarge(let bytes):
      "body: expected at most \(MessageGate.maxBytes) bytes, found \(bytes)"
    case .notJSON(let byte, let expected): "body is not JSON at byte \(byte): expected \(expected)"
    case .tooDeep(let byte):
      "body: expected at most \(MessageGate.maxDepth) levels, found more at byte \(byte)"
    case .duplicateKey(let key, let byte):
      "body: the key \(key) appears twice in one object, at byte \(byte)"
    case .unknownType(let found):
      "type: expected a type and version this program knows, found \(found)"
    case .missing(let place): "\(place) is missing"
    case .invalid(let place, let expected, let found):
      "\(place): expected \(expected), found \(found)"
    }
  }
}

extension MessageFault {
  init(_ fault: JSONFault) {
    self =
      switch fault {
      case .notJSON(let byte, let expected): .notJSON(byte: byte, expected: expected)
      case .tooDeep(let byte): .tooDeep(byte: byte)
      case .duplicateKey(let key, let byte): .duplicateKey(key, byte: byte)
      case .tooManyKeys(let byte):
        .invalid(
          place: "byte \(byte)",
          expected: "an object of at most \(JSONScanner.maxMembers) keys", found: "more")
      }
  }
}
