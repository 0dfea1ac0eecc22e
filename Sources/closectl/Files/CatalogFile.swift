import Billing
import Yams

/// A catalog of prices, as YAML.
enum CatalogFile {
  /// Catalogs are small; this limits the cost of a wrong file.
  static let mostBytes = 1 << 20

  static func read(_ path: String) throws -> Catalog { try reading(path).catalog }

  /// `namesTaxes`: the file lists its taxes, or states that there are none.
  static func reading(_ path: String) throws -> (catalog: Catalog, namesTaxes: Bool) {
    let root = try root(of: path)
    guard let mapping = root.mapping else {
      throw FileFault(path, line: root.mark?.line, "is not a catalog; \(Self.keys)")
    }
    do {
      let catalog = try YAMLDecoder().decode(Catalog.self, from: root)
      try catalog.validated()
      return (catalog, mapping["taxes"]?.sequence != nil)
    } catch {
      let fault = CatalogError(error)
      throw FileFault(
        path, line: root.line(of: fault.place), column: fault.place.isEmpty ? nil : fault.place,
        fault.reason)
    }
  }

  private static let keys = "a catalog has version, currency, products and taxes"

  private static func root(of path: String) throws -> Node {
    do {
      guard let node = try Yams.compose(yaml: try text(of: path)) else {
        throw FileFault(path, "is empty; \(keys)")
      }
      return node
    } catch let error as YamlError {
      throw error.fault(in: path)
    }
  }

  private static func text(of path: String) throws -> String {
    let file = try FileBytes(path)
    let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: mostBytes + 1)
    defer { buffer.deallocate() }
    var filled = 0
    while filled < buffer.count {
      let count = try file.read(into: .init(rebasing: buffer[filled...]))
      if count == 0 { break }
      filled += count
    }
    guard filled <= mostBytes else {
      throw FileFault(path, "is larger than \(mostBytes) bytes; catalogs are small")
    }
    if let what = ForeignFormat.fault(of: UnsafeBufferPointer(rebasing: buffer[..<filled])) {
      throw FileFault(path, what)
    }
    guard let text = String(validating: buffer[..<filled], as: UTF8.self) else {
      throw FileFault(path, "is not valid UTF-8")
    }
    return text
  }
}

extension YamlError {
  func fault(in path: String) -> FileFault {
    switch self {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      FileFault(
        path, line: mark.line,
        "is not YAML: \(problem) (column \(mark.column))"
          + (problem.contains("tab character") ? "; indent with spaces" : ""))
    case .duplicatedKeysInMapping(let keys, let context):
      FileFault(
        path, line: context.mark.line, column: keys.joined(separator: ", "), "appears twice")
    case .reader(let problem, _, _, _): FileFault(path, "is not YAML: \(problem)")
    default: FileFault(path, "is not YAML")
    }
  }
}

extension Node {
  /// The line of `products[0].price.unit`, or of the nearest part of it that is there.
  func line(of place: String) -> Int? {
    var node = self
    for step in place.split(whereSeparator: { ".[]".contains($0) }) {
      if let index = Int(step), let list = node.sequence, index < list.count {
        node = list[index]
      } else if let next = node.mapping?[String(step)] {
        node = next
      } else {
        break
      }
    }
    return node.mark?.line
  }
}

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
