/// The fields of a form-encoded body or of a query, in the order they came.
struct FormFields: Sendable {
  private(set) var pairs: [(name: String, value: String)] = []

  init() {}

  init(parsing text: some Sequence<UInt8>) throws(StripeFailure) {
    var name: [UInt8] = []
    var value: [UInt8] = []
    var inValue = false
    var rest = text.makeIterator()
    while let byte = rest.next() {
      var decoded = byte
      switch byte {
      case UInt8(ascii: "&"):
        add(name, value)
        name.removeAll(keepingCapacity: true)
        value.removeAll(keepingCapacity: true)
        inValue = false
        continue
      case UInt8(ascii: "=") where !inValue:
        inValue = true
        continue
      case UInt8(ascii: "+"):
        decoded = UInt8(ascii: " ")
      case UInt8(ascii: "%"):
        guard let high = rest.next()?.hexDigit, let low = rest.next()?.hexDigit else {
          throw .invalid("The form has a % that is not followed by two hexadecimal digits.")
        }
        decoded = high << 4 | low
      default: break
      }
      if inValue { value.append(decoded) } else { name.append(decoded) }
    }
    add(name, value)
  }

  private mutating func add(_ name: [UInt8], _ value: [UInt8]) {
    guard !name.isEmpty else { return }
    pairs.append((String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self)))
  }

  /// The last value of this name; Stripe treats an empty value as one not given.
  subscript(_ name: String) -> String? {
    pairs.last { $0.name == name }.flatMap { $0.value.isEmpty ? nil : $0.value }
  }

  /// `metadata[a]=1` as `("a", "1")` for the group `metadata`.
  func group(_ name: String) -> [(key: String, value: String)] {
    pairs.compactMap { pair in
      guard pair.name.hasPrefix(name), pair.name.hasSuffix("]") else { return nil }
      let rest = pair.name.dropFirst(name.count)
      guard rest.first == "[" else { return nil }
      return (String(rest.dropFirst().dropLast()), pair.value)
    }
  }

  /// Tells the same parameters from others for one idempotency key, whatever the order of the
  /// fields. Stable across restarts: it is written to the log.
  func fingerprint(path: String) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    func mix(_ text: String) {
      for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
      hash = (hash ^ 0xff) &* 0x100_0000_01b3
    }
    mix(path)
    for pair in pairs.sorted(by: { ($0.name, $0.value) < ($1.name, $1.value) }) {
      mix(pair.name)
      mix(pair.value)
    }
    return hash
  }
}

extension UInt8 {
  fileprivate var hexDigit: UInt8? {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}

/// Paging and time filter of the list endpoints; newest first, as Stripe lists.
struct ListParameters: Sendable {
  var limit = 10
  var startingAfter: String?
  var paymentIntent: String?
  private var created: [(comparison: String, seconds: Int64)] = []

  init(_ fields: FormFields, for kind: String) throws(StripeFailure) {
    var known: Set<String> = ["limit", "starting_after", "created", "customer", "expand"]
    if kind == "charge" { known.insert("payment_intent") }
    try fields.allowOnly(known)
    limit = try fields.limit()
    startingAfter = fields["starting_after"]
    paymentIntent = fields["payment_intent"]
    for (comparison, value) in fields.group("created") {
      guard ["gt", "gte", "lt", "lte"].contains(comparison) else {
        throw .unknownParameter("created[\(comparison)]")
      }
      guard let seconds = Int64(value) else { throw .notAnInteger(value, "created[\(comparison)]") }
      created.append((comparison, seconds))
    }
  }

  func takes(created seconds: Int64) -> Bool {
    created.allSatisfy { bound in
      switch bound.comparison {
      case "gt": seconds > bound.seconds
      case "gte": seconds >= bound.seconds
      case "lt": seconds < bound.seconds
      default: seconds <= bound.seconds
      }
    }
  }

  /// The numbers of one page, counting down from `start`, and whether there are more.
  func page(
    before start: Int32, where takes: (Int32) -> Bool
  ) -> (numbers: [Int32], hasMore: Bool) {
    var numbers: [Int32] = []
    var next = start - 1
    while next >= 0 {
      if takes(next) {
        if numbers.count == limit { return (numbers, true) }
        numbers.append(next)
      }
      next -= 1
    }
    return (numbers, false)
  }
}

extension FormFields {
  func limit() throws(StripeFailure) -> Int {
    guard let text = self["limit"] else { return 10 }
    guard let limit = Int(text) else { throw .notAnInteger(text, "limit") }
    guard (1...100).contains(limit) else {
      throw .invalid(
        "This value must be between 1 and 100.", code: "parameter_invalid_integer", param: "limit")
    }
    return limit
  }
}
