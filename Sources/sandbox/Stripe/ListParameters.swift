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
