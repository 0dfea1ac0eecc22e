/// One pass over the bytes of a message that either proves them to be well-formed JSON (RFC 8259)
/// within its bounds or says where they are not. Nothing is decoded here; time and memory
/// grow with the number of bytes and nothing else.
///
/// Stricter than the RFC where a lenient reader could be made to disagree with another one: a key
/// may be in an object once, text is valid UTF-8 without lone surrogates, no byte order mark.
public struct JSONScanner {
  /// More members than any event has; keeps the search for duplicate keys short.
  public static let maxMembers = 256
  /// Levels of objects and arrays.
  public static let maxDepth = 32

  private let body: [UInt8]
  private var at = 0
  private var nodes: [JSONDocument.Node] = []

  public static func scan(_ body: [UInt8]) throws(JSONFault) -> JSONDocument {
    var scanner = JSONScanner(body: body)
    scanner.nodes.reserveCapacity(96)
    scanner.skipSpace()
    try scanner.value(depth: 1)
    scanner.skipSpace()
    guard scanner.at == body.count else { throw scanner.fault("the end") }
    return JSONDocument(body: body, nodes: scanner.nodes)
  }

  private init(body: [UInt8]) { self.body = body }

  private func fault(_ expected: String) -> JSONFault { .notJSON(byte: at, expected: expected) }

  /// The byte at hand, 0 at the end (which no rule accepts).
  private var byte: UInt8 { at < body.count ? body[at] : 0 }

  private mutating func skipSpace() {
    while byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { at += 1 }
  }

  private mutating func value(depth: Int) throws(JSONFault) {
    switch byte {
    case UInt8(ascii: "{"): try object(depth)
    case UInt8(ascii: "["): try array(depth)
    case UInt8(ascii: "\""): try string()
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try number()
    case UInt8(ascii: "t"): try word("true", .yes)
    case UInt8(ascii: "f"): try word("false", .no)
    case UInt8(ascii: "n"): try word("null", .null)
    default: throw fault("a value")
    }
  }

  private mutating func open(_ kind: JSONDocument.Kind, _ depth: Int) throws(JSONFault) -> Int {
    guard depth <= Self.maxDepth else { throw .tooDeep(byte: at) }
    nodes.append(.init(kind: kind, start: Int32(at), end: 0, next: 0))
    at += 1
    skipSpace()
    return nodes.count - 1
  }

  private mutating func close(_ index: Int) {
    at += 1
    nodes[index].end = Int32(at)
    nodes[index].next = Int32(nodes.count)
  }

  private mutating func object(_ depth: Int) throws(JSONFault) {
    let index = try open(.object, depth)
    var members = 0
    while byte != UInt8(ascii: "}") || members > 0 {
      guard byte == UInt8(ascii: "\"") else { throw fault("a key in double quotes") }
      try string()
      members += 1
      try checkKey(nodes.count - 1, of: index, members)
      skipSpace()
      guard byte == UInt8(ascii: ":") else { throw fault("\":\"") }
      at += 1
      skipSpace()
      try value(depth: depth + 1)
      skipSpace()
      if byte == UInt8(ascii: "}") { break }
      guard byte == UInt8(ascii: ",") else { throw fault("\",\" or \"}\"") }
      at += 1
      skipSpace()
    }
    close(index)
  }

  private mutating func array(_ depth: Int) throws(JSONFault) {
    let index = try open(.array, depth)
    var isFirst = true
    while byte != UInt8(ascii: "]") || !isFirst {
      isFirst = false
      try value(depth: depth + 1)
      skipSpace()
      if byte == UInt8(ascii: "]") { break }
      guard byte == UInt8(ascii: ",") else { throw fault("\",\" or \"]\"") }
      at += 1
      skipSpace()
    }
    close(index)
  }

  private func checkKey(_ key: Int, of object: Int, _ members: Int) throws(JSONFault) {
    guard members <= Self.maxMembers else {
      throw .tooManyKeys(byte: at)
    }
    var other = object + 1
    while other < key {
      if isSameKey(nodes[other], nodes[key]) {
        let text = String(decoding: bytes(nodes[key]), as: UTF8.self)
        throw .duplicateKey(JSONDocument.shown(text), byte: Int(nodes[key].start))
      }
      other = Int(nodes[Int(nodes[other].next)].next)
    }
  }

  private func isSameKey(_ a: JSONDocument.Node, _ b: JSONDocument.Node) -> Bool {
    if a.isEscaped || b.isEscaped {
      return JSONEscapes.resolved(bytes(a)) == JSONEscapes.resolved(bytes(b))
    }
    return a.end - a.start == b.end - b.start && bytes(a) == bytes(b)
  }

  private func bytes(_ node: JSONDocument.Node) -> ArraySlice<UInt8> {
    body[Int(node.start)..<Int(node.end)]
  }

  private mutating func add(
    _ kind: JSONDocument.Kind, from start: Int, to end: Int, _ escaped: Bool
  ) {
    nodes.append(
      .init(
        kind: kind, start: Int32(start), end: Int32(end), next: Int32(nodes.count + 1),
        isEscaped: escaped))
  }
}

// MARK: Strings, numbers, words

extension JSONScanner {
  private mutating func string() throws(JSONFault) {
    at += 1
    let start = at
    var isEscaped = false
    while byte != UInt8(ascii: "\"") {
      guard at < body.count else { throw fault("the string to end") }
      switch byte {
      case 0..<0x20: throw fault("no control character in a string")
      case UInt8(ascii: "\\"):
        isEscaped = true
        try escape()
      case 0x80...: try sequence()
      default: at += 1
      }
    }
    add(.string, from: start, to: at, isEscaped)
    at += 1
  }

  private mutating func escape() throws(JSONFault) {
    guard at + 1 < body.count else { throw fault("the string to end") }
    guard body[at + 1] == UInt8(ascii: "u") else {
      guard JSONEscapes.single(body[at + 1]) != nil else { throw fault("a JSON escape") }
      at += 2
      return
    }
    guard let unit = JSONEscapes.unit(body[...], at + 2) else {
      throw fault("four hexadecimal digits")
    }
    at += 6
    guard 0xD800..<0xE000 ~= unit else { return }
    guard unit < 0xDC00, byte == UInt8(ascii: "\\"), at + 1 < body.count,
      body[at + 1] == UInt8(ascii: "u"), let low = JSONEscapes.unit(body[...], at + 2),
      0xDC00..<0xE000 ~= low
    else { throw fault("the second half of a surrogate pair") }
    at += 6
  }

  /// One UTF-8 sequence of two to four bytes: shortest form, no surrogates, up to U+10FFFF.
  private mutating func sequence() throws(JSONFault) {
    let first = byte
    let second = at + 1 < body.count ? body[at + 1] : 0
    let length: Int
    let range: ClosedRange<UInt8>
    switch first {
    case 0xC2...0xDF: (length, range) = (2, 0x80...0xBF)
    case 0xE0: (length, range) = (3, 0xA0...0xBF)
    case 0xED: (length, range) = (3, 0x80...0x9F)
    case 0xE1...0xEF: (length, range) = (3, 0x80...0xBF)
    case 0xF0: (length, range) = (4, 0x90...0xBF)
    case 0xF1...0xF3: (length, range) = (4, 0x80...0xBF)
    case 0xF4: (length, range) = (4, 0x80...0x8F)
    default: throw fault("valid UTF-8")
    }
    guard range ~= second, at + length <= body.count,
      body[(at + 2)..<(at + length)].allSatisfy({ 0x80...0xBF ~= $0 })
    else { throw fault("valid UTF-8") }
    at += length
  }

  private mutating func number() throws(JSONFault) {
    let start = at
    if byte == UInt8(ascii: "-") { at += 1 }
    if byte == UInt8(ascii: "0") { at += 1 } else { try digits() }
    if byte == UInt8(ascii: ".") {
      at += 1
      try digits()
    }
    if byte | 0x20 == UInt8(ascii: "e") {
      at += 1
      if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") { at += 1 }
      try digits()
    }
    add(.number, from: start, to: at, false)
  }

  private mutating func digits() throws(JSONFault) {
    let start = at
    while UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte { at += 1 }
    guard at > start else { throw fault("a digit") }
  }

  private mutating func word(_ word: StaticString, _ kind: JSONDocument.Kind) throws(JSONFault) {
    let end = at + word.utf8CodeUnitCount
    guard end <= body.count,
      word.withUTF8Buffer({ $0.elementsEqual(body[at..<end]) })
    else { throw fault("a value") }
    add(kind, from: at, to: end, false)
    at = end
  }
}

/// Why bytes are not JSON that reads the same to every reader. `byte` counts from 0.
public enum JSONFault: Error, Equatable, Sendable {
  /// `expected` ends the sentence "expected …".
  case notJSON(byte: Int, expected: String)
  case tooDeep(byte: Int)
  /// The key as an error may show it: in quotes, or described by its length.
  case duplicateKey(String, byte: Int)
  case tooManyKeys(byte: Int)
}

/// Whether JSON reads the same to every reader. If an object has a key twice, two readers may take
/// different values, so such a document proves nothing.
public enum JSONKeys {
  /// What makes it ambiguous, or too large to check; `nil` also for input that is not JSON at all.
  public static func fault(in body: [UInt8]) -> String? {
    do {
      _ = try JSONScanner.scan(body)
      return nil
    } catch {
      switch error {
      case .duplicateKey(let key, _): return "has the key \(key) twice"
      case .tooManyKeys: return "has an object of more than \(JSONScanner.maxMembers) keys"
      case .tooDeep: return "is nested deeper than \(JSONScanner.maxDepth) levels"
      case .notJSON: return nil  // The decoder reports what is wrong with it.
      }
    }
  }
}
