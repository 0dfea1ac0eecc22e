/// A document to be published: its parts in the order in which people read them.
indirect enum Page {
  case object([(key: String, value: Page)])
  case list([Page])
  case text(String)
  case number(Int64)
  case truth(Bool)

  static func texts(_ values: [String]) -> Page { .list(values.map(Page.text)) }
  static func reference(_ target: String) -> Page { .object([("$ref", .text(target))]) }

  fileprivate var isScalar: Bool {
    switch self {
    case .text, .number, .truth: true
    case .object(let members): members.isEmpty
    case .list(let items): items.isEmpty
    }
  }

  fileprivate static func quoted(_ text: String) -> String {
    var writer = PageText()
    writer.add(text)
    return writer.text
  }

  fileprivate var scalar: String {
    switch self {
    case .text(let text): Self.quoted(text)
    case .number(let number): "\(number)"
    case .truth(let truth): "\(truth)"
    case .object: "{}"
    case .list: "[]"
    }
  }
}

/// A JSON string, which is a YAML one as well.
private struct PageText {
  private(set) var text = ""

  mutating func add(_ value: String) {
    text += "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\u{0}"..."\u{1F}": text += "\\u00" + (scalar.value < 16 ? "0" : "") + hex(scalar.value)
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }

  private func hex(_ value: UInt32) -> String { String(value, radix: 16) }
}

extension Page {
  /// Two spaces a level; lists of single values on as few lines as they fit.
  var json: String { json("") + "\n" }

  private func json(_ indent: String) -> String {
    let inner = indent + "  "
    switch self {
    case .object(let members) where !members.isEmpty:
      if members.count == 1, let only = members.first, only.value.isScalar {
        return "{ \(Self.quoted(only.key)): \(only.value.scalar) }"
      }
      let lines = members.map { "\(inner)\(Self.quoted($0.key)): \($0.value.json(inner))" }
      return "{\n\(lines.joined(separator: ",\n"))\n\(indent)}"
    case .list(let items) where !items.isEmpty:
      if items.allSatisfy(\.isScalar) { return packed(items.map(\.scalar), indent) }
      let lines = items.map { inner + $0.json(inner) }
      return "[\n\(lines.joined(separator: ",\n"))\n\(indent)]"
    default: return scalar
    }
  }

  private func packed(_ items: [String], _ indent: String) -> String {
    let short = "[\(items.joined(separator: ", "))]"
    if indent.count + short.count <= 76 { return short }
    var lines: [String] = []
    var line = indent + " "
    for item in items {
      if line.count + item.count > 92 {
        lines.append(line)
        line = indent + " "
      }
      line += " \(item),"
    }
    lines.append(String(line.dropLast()))
    return "[\n\(lines.joined(separator: "\n"))\n\(indent)]"
  }
}

extension Page {
  var yaml: String {
    guard case .object(let members) = self else { return scalar + "\n" }
    return Self.yaml(members, "")
  }

  private static func yaml(_ members: [(key: String, value: Page)], _ indent: String) -> String {
    members.map { key, value in "\(indent)\(plain(key)):\(value.yamlValue(indent))" }.joined()
  }

  /// What follows a key's colon, its line end included.
  private func yamlValue(_ indent: String) -> String {
    switch self {
    case .object(let members) where !members.isEmpty:
      return "\n" + Self.yaml(members, indent + "  ")
    case .list(let items) where !items.isEmpty:
      return "\n" + items.map { "\(indent)  -\($0.yamlItem(indent + "    "))" }.joined()
    case .text(let text): return " \(Self.plain(text))\n"
    default: return " \(scalar)\n"
    }
  }

  private func yamlItem(_ indent: String) -> String {
    if case .object(let members) = self, !members.isEmpty {
      return " " + Self.yaml(members, indent).drop { $0 == " " }
    }
    return yamlValue(indent)
  }

  /// Without quotes only where no YAML reader could take it for anything but this text.
  private static func plain(_ text: String) -> String {
    let words = ["true", "false", "yes", "no", "on", "off", "y", "n", "null"]
    let isPlain =
      text.first.map { $0.isASCII && $0.isLetter } == true
      && text.utf8.allSatisfy {
        switch $0 {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"),
          UInt8(ascii: "_"), UInt8(ascii: "/"):
          true
        default: false
        }
      }
    return isPlain && !words.contains(text.lowercased()) ? text : quoted(text)
  }
}
