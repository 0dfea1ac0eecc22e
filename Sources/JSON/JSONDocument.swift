/// A well-formed JSON text as a flat list of its values, in order of appearance: no tree, no copies
/// of strings, one allocation. Made by `JSONScanner`.
public struct JSONDocument {
  public enum Kind {
    case object, array, string, number, yes, no, null
  }

  public struct Node {
    public var kind: Kind
    /// The value's bytes; of a string those between its quotes.
    var start: Int32
    var end: Int32
    /// The node after this one and all that is inside it.
    public var next: Int32
    /// A string with a backslash in it.
    public var isEscaped = false
  }

  var body: [UInt8]
  /// An object is followed by its members, key and value in turn.
  public var nodes: [Node]

  /// The value of a key; `null` counts as absent.
  public func member(of object: Int, _ key: String) -> Int? {
    let size = Int32(key.utf8.count)
    var at = object + 1
    let end = Int(nodes[object].next)
    while at < end {
      let node = nodes[at]
      let value = Int(node.next)
      if node.isEscaped ? text(at) == key : node.end - node.start == size && holds(node, key) {
        return nodes[value].kind == .null ? nil : value
      }
      at = Int(nodes[value].next)
    }
    return nil
  }

  private func holds(_ node: Node, _ key: String) -> Bool {
    key.utf8.elementsEqual(body[Int(node.start)..<Int(node.end)])
  }

  public func bytes(_ index: Int) -> ArraySlice<UInt8> {
    body[Int(nodes[index].start)..<Int(nodes[index].end)]
  }

  /// The text of a string or key, escapes resolved.
  public func text(_ index: Int) -> String {
    let bytes = bytes(index)
    return nodes[index].isEscaped
      ? String(decoding: JSONEscapes.resolved(bytes), as: UTF8.self)
      : String(decoding: bytes, as: UTF8.self)
  }

  /// A value for use in an error: short and plain, or only its kind.
  public func found(_ index: Int) -> String {
    switch nodes[index].kind {
    case .object: "an object"
    case .array: "an array"
    case .yes: "true"
    case .no: "false"
    case .null: "null"
    case .number: "the number \(Self.shown(String(decoding: bytes(index), as: UTF8.self)))"
    case .string: "the string \(Self.shown(text(index)))"
    }
  }

  /// At most 40 letters, digits and `._:/+-`: nothing that could be an address, a name with a space
  /// or a line break. Anything else is described by its length.
  public static func shown(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
      case UInt8(ascii: "0")...UInt8(ascii: ":"): true
      case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "/"), UInt8(ascii: "+"): true
      case UInt8(ascii: "-"): true
      default: false
      }
    }
    return isPlain && text.utf8.count <= 40 && !text.isEmpty
      ? "\"\(text)\"" : "of \(text.utf8.count) bytes"
  }
}
