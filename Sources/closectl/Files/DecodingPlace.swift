extension DecodingError {
  /// Where in the document it is (`data.value`, `products[1].price`) and what is wrong, for people.
  var place: (path: String, reason: String) {
    switch self {
    case .keyNotFound(let key, let context):
      (Self.path(context.codingPath + [key]), "is missing")
    case .valueNotFound(_, let context): (Self.path(context.codingPath), "is null")
    case .typeMismatch(let type, let context):
      (Self.path(context.codingPath), "is not \(Self.name(of: type))")
    case .dataCorrupted(let context):
      (Self.path(context.codingPath), Self.reason(context))
    @unknown default: ("", "cannot be read: \(self)")
    }
  }

  private static func reason(_ context: Context) -> String {
    context.codingPath.isEmpty ? "is not JSON" : context.debugDescription
  }

  static func path(_ keys: [any CodingKey]) -> String {
    keys.reduce(into: "") { path, key in
      if let index = key.intValue {
        path += "[\(index)]"
      } else {
        path += path.isEmpty ? key.stringValue : ".\(key.stringValue)"
      }
    }
  }

  private static func name(of type: Any.Type) -> String {
    switch type {
    case is String.Type: "a text"
    case is Int.Type, is Int64.Type: "a whole number"
    case is Bool.Type: "true or false"
    case is any Collection.Type where "\(type)".hasPrefix("Array"): "a list"
    case is any Collection.Type: "a JSON object, {…}"
    default: "a \(type)"
    }
  }
}
