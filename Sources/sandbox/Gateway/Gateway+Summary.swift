extension Gateway {
  /// Counts a test compares with the ledger. `double_charged` names invoices with more than one
  /// succeeded charge, at most twenty of them.
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
      return JSONText.document { json in
        json.field("time", options.now().rfc3339)
        json.field("payment_intents", Int64(book.intents.count))
        json.counts("charges", results)
        json.counts("amounts", sums)
        json.field("double_charged_count", Int64(doubles.count))
        json.array("double_charged") { json in
          for invoice in doubles.sorted().prefix(20) { json.item(invoice) }
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

extension JSONText {
  mutating func counts(_ name: StaticString, _ counts: [String: Int]) {
    object(name) { json in
      for (key, count) in counts.sorted(by: { $0.key < $1.key }) { json.field(key, count) }
    }
  }
}
