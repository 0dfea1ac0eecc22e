import Billing
import JSON

extension Gateway {
  /// Answers a GET from what is on the disk.
  func read(_ route: Route, _ fields: FormFields, _ path: String) async throws -> GatewayResponse {
    let query = route == .search ? try SearchQuery(fields["query"] ?? "") : nil
    let effect = state.withLock { state in
      state.faults.effect(on: target(route, path, query, state.book))
    }
    try Self.refuse(effect)
    if effect.kind == .redirect { return redirected() }
    if effect.kind == .lostHTML { return Self.page(200) }
    let wait = options.latencyMilliseconds + effect.delayMilliseconds
    if wait > 0 { try await options.pause(wait) }
    switch effect.kind {
    case .chargeThenDrop, .lostThenDrop: return dropped()
    case .chargeThen500, .lost500: return serverError()
    default: break
    }
    try await log.durable(log.lastTicket)
    let bytes = try body(route, fields, query, effect.kind)
    return spoiled(GatewayResponse(bytes), effect.kind)
  }

  private func target(
    _ route: Route, _ path: String, _ query: SearchQuery?, _ book: GatewayBook
  ) -> FaultTarget {
    var target = FaultTarget(
      isPost: false, path: path, invoice: query?.invoice, willExecute: true)
    if case .intent(let id) = route, let number = book.intent(id: id) {
      target.invoice = book.intents[Int(number)].invoice
    }
    if let invoice = target.invoice, let number = book.newestOfInvoice[invoice] {
      target.account = book.intents[Int(number)].account
    }
    return target
  }

  private func body(
    _ route: Route, _ fields: FormFields, _ query: SearchQuery?, _ fault: InjectedFaultKind?
  ) throws(StripeFailure) -> [UInt8] {
    switch route {
    case .intent(let id): return try one(id, fault)
    case .intents: return try intents(ListParameters(fields, for: "payment_intent"), fault)
    case .search: return try search(query, fields, fault)
    case .charge(let id): return try oneCharge(id)
    case .charges: return try charges(ListParameters(fields, for: "charge"))
    case .create, .confirm: throw .unrecognized("GET", "")
    }
  }

  private func one(_ id: String, _ fault: InjectedFaultKind?) throws(StripeFailure) -> [UInt8] {
    let view = state.withLock { state in
      state.book.intent(id: id).map { state.book.view($0) }
    }
    guard let view else { throw .noSuch("payment_intent", id, param: "intent") }
    var json = JSONWriter()
    objects.intent(view.tampered(fault), in: &json)
    return json.bytes
  }

  private func intents(
    _ list: ListParameters, _ fault: InjectedFaultKind?
  ) throws(StripeFailure) -> [UInt8] {
    let (views, hasMore) = try state.withLock { (state) throws(StripeFailure) in
      var start = Int32(state.book.intents.count)
      if let id = list.startingAfter {
        guard let number = state.book.intent(id: id) else {
          throw .noSuch("payment_intent", id, param: "starting_after", status: 400)
        }
        start = number
      }
      let page = list.page(before: start) { number in
        list.takes(created: state.book.intents[Int(number)].created.milliseconds / 1_000)
      }
      return (page.numbers.map { state.book.view($0) }, page.hasMore)
    }
    return Self.list("/v1/payment_intents", hasMore) { json in
      for view in views { objects.intent(view.tampered(fault), in: &json) }
    }
  }

  private func search(
    _ query: SearchQuery?, _ fields: FormFields, _ fault: InjectedFaultKind?
  ) throws(StripeFailure) -> [UInt8] {
    guard let query else { throw .missing("query") }
    try fields.allowOnly(["query", "limit", "page", "expand"])
    let limit = try fields.limit()
    var skipped = 0
    if let page = fields["page"] {
      guard page.hasPrefix("page_"), let number = Int(page.dropFirst(5)), number >= 0 else {
        throw .invalid("Invalid page: \(page)", param: "page")
      }
      skipped = number
    }
    let found: [IntentView] = state.withLock { state in
      guard fault != .searchEmpty else { return [] }
      let book = state.book
      let candidates =
        query.invoice.map(book.intents(ofInvoice:))
        ?? Array((0..<Int32(book.intents.count)).reversed())
      let matching = candidates.lazy.map { book.view($0) }.filter(query.takes)
      return Array(matching.dropFirst(skipped).prefix(limit + 1))
    }
    let hasMore = found.count > limit
    return JSONWriter.document { json in
      json.field("object", "search_result")
      json.field("url", "/v1/payment_intents/search")
      json.field("has_more", hasMore)
      json.field("next_page", hasMore ? "page_\(skipped + limit)" : String?.none)
      json.array("data") { json in
        for view in found.prefix(limit) { objects.intent(view.tampered(fault), in: &json) }
      }
    }
  }

  private func oneCharge(_ id: String) throws(StripeFailure) -> [UInt8] {
    let found = state.withLock { state in
      state.book.charge(id: id).map { ($0, state.book.charges[Int($0)], state.book.intent(of: $0)) }
    }
    guard let found else { throw .noSuch("charge", id, param: "id") }
    var json = JSONWriter()
    objects.charge(found.0, found.1, of: found.2, in: &json)
    return json.bytes
  }

  private func charges(_ list: ListParameters) throws(StripeFailure) -> [UInt8] {
    let (found, hasMore) = try state.withLock { (state) throws(StripeFailure) in
      let book = state.book
      var start = Int32(book.charges.count)
      if let id = list.startingAfter {
        guard let number = book.charge(id: id) else {
          throw .noSuch("charge", id, param: "starting_after", status: 400)
        }
        start = number
      }
      let intent = list.paymentIntent.map { book.intent(id: $0) ?? -1 }
      let page = list.page(before: start) { number in
        let charge = book.charges[Int(number)]
        return (intent == nil || charge.intent == intent)
          && list.takes(created: charge.created.milliseconds / 1_000)
      }
      return (page.numbers.map { ($0, book.charges[Int($0)], book.intent(of: $0)) }, page.hasMore)
    }
    return Self.list("/v1/charges", hasMore) { json in
      for (number, charge, intent) in found {
        objects.charge(number, charge, of: intent, in: &json)
      }
    }
  }

  private static func list(
    _ url: String, _ hasMore: Bool, _ items: (inout JSONWriter) -> Void
  ) -> [UInt8] {
    JSONWriter.document { json in
      json.field("object", "list")
      json.field("url", url)
      json.field("has_more", hasMore)
      json.array("data", items)
    }
  }
}

extension GatewayBook {
  func intent(of charge: Int32) -> PaymentIntent { intents[Int(charges[Int(charge)].intent)] }
}
