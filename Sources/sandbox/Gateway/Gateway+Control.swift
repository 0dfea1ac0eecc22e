import Billing
import FoundationEssentials
import JSON

/// The endpoints under /_sandbox/: what a test sets and reads. Loopback only, with the same key.
extension Gateway {
  func control(_ request: GatewayRequest) async throws -> GatewayResponse {
    guard request.isLoopback else {
      throw StripeFailure(status: 403, message: "/_sandbox/ answers only on the loopback address.")
    }
    try await log.durable(log.lastTicket)
    let parts = request.path.split(separator: "/").dropFirst().map(String.init)
    switch (request.method, parts.first ?? "", parts.count) {
    case ("GET", "faults", 1): return try faults()
    case ("POST", "faults", 1): return try await addFault(request.body)
    case ("DELETE", "faults", 1):
      state.withLock { $0.faults.clear() }
      return try faults()
    case ("DELETE", "faults", 2):
      let removed = state.withLock { $0.faults.remove(id: Int(parts[1]) ?? 0) }
      guard removed else { throw StripeFailure.noSuch("fault", parts[1], param: "id") }
      return try faults()
    case ("GET", "outcomes", 1): return try outcomes()
    case ("POST", "outcomes", 1): return try addOutcome(request.body)
    case ("DELETE", "outcomes", 1):
      state.withLock { $0.outcomes.clear() }
      return try outcomes()
    case ("GET", "charges", 1):
      return allCharges(failedToo: try FormFields(parsing: request.query.utf8)["failed"] == "true")
    case ("GET", "summary", 1): return summary()
    default: throw StripeFailure.unrecognized(request.method, request.path)
    }
  }

  private func faults() throws -> GatewayResponse {
    GatewayResponse(try encoded(state.withLock { $0.faults.faults }))
  }

  private func outcomes() throws -> GatewayResponse {
    GatewayResponse(try encoded(state.withLock { $0.outcomes.rules }))
  }

  private func addFault(_ body: [UInt8]) async throws -> GatewayResponse {
    let order = try decoded(FaultOrder.self, body, known: FaultOrder.CodingKeys.allCases)
    guard order.kind != .keyExpiry else { return try await expireKeys() }
    return GatewayResponse(try encoded(state.withLock { $0.faults.add(order) }))
  }

  private func addOutcome(_ body: [UInt8]) throws -> GatewayResponse {
    let rule = try decoded(OutcomeRule.self, body, known: OutcomeRule.CodingKeys.allCases)
    guard CardOutcome(spelling: rule.outcome) != nil else {
      let known = Decline.allCases.map(\.rawValue).joined(separator: ", ")
      throw StripeFailure.invalid(
        "outcome is '\(rule.outcome)'; expected succeeded or one of \(known).", param: "outcome")
    }
    state.withLock { $0.outcomes.add(rule) }
    return try outcomes()
  }

  private func expireKeys() async throws -> GatewayResponse {
    let (count, ticket) = state.withLock { state in
      let count = state.book.keys.count
      state.book.keys.forgetAll()
      let line = ChargeLogLine(time: options.now(), event: .keysExpired)
      return (count, log.append(line.bytes))
    }
    try await log.durable(ticket)
    return GatewayResponse(JSONWriter.document { $0.field("forgotten", Int64(count)) })
  }

  /// Every succeeded charge, oldest first, in pieces: memory does not grow with their number.
  private func allCharges(failedToo: Bool) -> GatewayResponse {
    let count = state.withLock { $0.book.charges.count }
    let size = 1_000
    var response = GatewayResponse([])
    response.body = .pieces { [self] piece in
      guard piece * size < max(count, 1) else { return nil }
      let range = piece * size..<min(count, (piece + 1) * size)
      return state.withLock { state in
        Self.charges(range, of: count, state.book, failedToo)
      }
    }
    return response
  }

  private static func charges(
    _ range: Range<Int>, of count: Int, _ book: GatewayBook, _ failedToo: Bool
  ) -> [UInt8] {
    var bytes = range.lowerBound == 0 ? Array("[\n".utf8) : []
    for number in range {
      let charge = book.charges[number]
      guard failedToo || charge.result == .succeeded else { continue }
      if bytes.count > 2 || range.lowerBound > 0 { bytes += ",\n".utf8 }
      bytes += describe(Int32(number), charge, book)
    }
    if range.upperBound == count { bytes += "\n]\n".utf8 }
    return bytes
  }

  private static func describe(
    _ number: Int32, _ charge: Charge, _ book: GatewayBook
  ) -> [UInt8] {
    let intent = book.intents[Int(charge.intent)]
    return JSONWriter.document { json in
      json.field("id", book.ids.charge(number))
      json.field("payment_intent", book.ids.intent(charge.intent))
      json.field("invoice", intent.invoice)
      json.field("account", intent.account)
      json.field("attempt", intent.attempt)
      json.field("amount", intent.amount)
      json.field("currency", intent.currency.code.lowercased())
      switch charge.result {
      case .succeeded: json.field("status", "succeeded")
      case .requiresAction: json.field("status", "requires_action")
      case .declined(let decline):
        json.field("status", "failed")
        json.field("decline_code", decline.rawValue)
      }
      json.field("idempotency_key", charge.idempotencyKey)
      json.field("time", charge.created.rfc3339)
    }
  }

  private func encoded(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return Array(try encoder.encode(value))
  }

  /// The body of a control request. An unknown field is refused, so that a typing mistake does not
  /// become a test that tests nothing.
  private func decoded<Body: Decodable>(
    _ type: Body.Type, _ body: [UInt8], known: [some CodingKey]
  ) throws -> Body {
    do {
      let names = try JSONDecoder().decode([String: Ignored].self, from: Data(body)).keys
      if let name = names.first(where: { !known.map(\.stringValue).contains($0) }) {
        throw StripeFailure.unknownParameter(name)
      }
      return try JSONDecoder().decode(Body.self, from: Data(body))
    } catch let error as DecodingError {
      throw StripeFailure.invalid("The body is not as expected: \(error)")
    }
  }

  private struct Ignored: Decodable {
    init(from decoder: any Decoder) throws {}
  }
}

extension Gateway {
  /// Counts that a test compares with the ledger. `double_charged` names invoices with more than
  /// one succeeded charge, at most twenty of them.
  func summary() -> GatewayResponse {
    let bytes = state.withLock { state in
      let book = state.book
      var results: [String: Int] = ["succeeded": 0, "failed": 0]
      var sums: [String: Int] = [:]
      for charge in book.charges {
        guard charge.result == .succeeded else {
          results["failed", default: 0] += 1
          continue
        }
        let intent = book.intents[Int(charge.intent)]
        results["succeeded", default: 0] += 1
        sums[intent.currency.code.lowercased(), default: 0] += Int(intent.amount)
      }
      let doubles = Self.doubleCharged(book)
      return JSONWriter.document { json in
        json.field("time", options.now().rfc3339)
        json.field("payment_intents", Int64(book.intents.count))
        json.counts("charges", results)
        json.counts("amounts", sums)
        json.field("double_charged_count", Int64(doubles.count))
        json.array("double_charged") { json in
          for invoice in doubles.sorted().prefix(20) { json.element(invoice) }
        }
        json.field("keys", Int64(book.keys.count))
        json.field("requests", Int64(state.counts.requests))
        json.field("replayed", Int64(state.counts.replayed))
        json.counts("refused", state.counts.refused)
        json.counts("faults_hit", Self.hits(state.faults))
      }
    }
    return GatewayResponse(bytes)
  }

  private static func hits(_ plan: FaultPlan) -> [String: Int] {
    plan.faults.reduce(into: [:]) { $0[$1.kind.rawValue, default: 0] += $1.hits }
  }

  private static func doubleCharged(_ book: GatewayBook) -> [String] {
    book.newestOfInvoice.keys.filter { invoice in
      book.intents(ofInvoice: invoice).count { book.view($0).isPaid } > 1
    }
  }
}
