import JSON

extension Gateway {
  /// Faults that refuse a request before it is executed.
  static func refuse(_ effect: FaultPlan.Effect) throws(StripeFailure) {
    switch effect.kind {
    case .unauthorized: throw .wrongKey
    case .conflict: throw .keyInUse
    case .throttled: throw .tooManyRequests(retryAfterSeconds: effect.retryAfterSeconds)
    default: return
    }
  }

  /// A stored answer, altered by the fault on its way out. The stored one stays correct.
  func response(to answer: StoredAnswer, _ fault: InjectedFaultKind?) -> GatewayResponse {
    let view = state.withLock { $0.book.view(answer) }
    guard answer.status != 500, let view else { return serverError() }
    let shown = view.tampered(fault)
    if answer.status == 402 {
      return spoiled(GatewayResponse(status: 402, objects.declined(shown)), fault)
    }
    var json = JSONWriter()
    objects.intent(shown, in: &json)
    return spoiled(GatewayResponse(json.bytes), fault)
  }

  func replayed(_ answer: StoredAnswer, _ effect: FaultPlan.Effect) -> GatewayResponse {
    var response = response(to: answer, effect.kind)
    response.headers.append(("Idempotent-Replayed", "true"))
    response.headers.append(("Original-Request", objects.ids.request(answer.request)))
    return response
  }

  func serverError() -> GatewayResponse {
    let failure = StripeFailure(
      status: 500, type: "api_error", message: "An unknown error occurred on our side.")
    return GatewayResponse(status: 500, objects.failure(failure))
  }

  func dropped() -> GatewayResponse {
    var response = GatewayResponse([])
    response.delivery = .drop
    return response
  }

  /// A page from something in front of the gateway.
  static func page(_ status: Int) -> GatewayResponse {
    GatewayResponse(
      status: status, Array("<html><body>Sign in to the network</body></html>".utf8))
  }

  func redirected() -> GatewayResponse {
    var response = GatewayResponse(status: 302, [])
    response.headers.append(("Location", "/elsewhere"))
    return response
  }

  /// Transport faults: they corrupt the bytes of the answer.
  func spoiled(_ response: GatewayResponse, _ fault: InjectedFaultKind?) -> GatewayResponse {
    var response = response
    guard case .bytes(let bytes) = response.body else { return response }
    switch fault {
    case .brokenJSON: response.body = .bytes(Array(bytes.prefix(bytes.count / 2)))
    case .huge:
      let padding = #","description":""# + String(repeating: "x", count: 10 << 20) + #""}"#
      response.body = .bytes(bytes.dropLast() + padding.utf8)
    case .html: return Self.page(200)
    case .forbidden: return Self.page(403)
    case .empty: response.body = .bytes([])
    case .created: response.status = 201
    case .noContent: return GatewayResponse(status: 204, [])
    case .hang: response.delivery = .hang
    default: break
    }
    return response
  }
}

extension IntentView {
  /// The intent as a faulty answer shows it.
  func tampered(_ fault: InjectedFaultKind?) -> IntentView {
    var view = self
    switch fault {
    case .wrongAmount: view.intent.amount += 1
    case .wrongCurrency:
      let other = view.intent.currency.code == "USD" ? "EUR" : "USD"
      view.intent.currency = (try? .init(other)) ?? view.intent.currency  // both are on the list
    case .wrongInvoice:
      var metadata = JSONWriter.sorted(["invoice": "another-\(intent.invoice)"]).dropLast()
      metadata += Array(",\"wrong\":\"1\"}".utf8)
      view.intent.metadata = String(decoding: metadata, as: UTF8.self)
    default: break
    }
    return view
  }
}
