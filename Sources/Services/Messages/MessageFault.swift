import JSON

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
