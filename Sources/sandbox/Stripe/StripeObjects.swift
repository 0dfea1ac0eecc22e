import JSON

/// The resources in Stripe's shape. Only fields that have a meaning here are filled.
struct StripeObjects: Sendable {
  var ids: ObjectIDs

  func intent(_ view: IntentView, in json: inout JSONWriter, named name: String? = nil) {
    let intent = view.intent
    json.object(name) { json in
      json.field("id", ids.intent(view.number))
      json.field("object", "payment_intent")
      json.field("amount", intent.amount)
      json.field("amount_capturable", Int64(0))
      json.field("amount_received", view.isPaid ? intent.amount : 0)
      json.field("capture_method", "automatic")
      json.field("confirmation_method", "automatic")
      json.field("created", intent.created.milliseconds / 1_000)
      json.field("currency", intent.currency.code.lowercased())
      json.field("customer", intent.customer)
      json.field("description", intent.description)
      error(of: view, in: &json)
      json.field("latest_charge", view.charge.map { ids.charge($0.number) })
      json.field("livemode", false)
      json.raw("metadata", intent.metadata)
      json.raw(
        "next_action", view.status == "requires_action" ? #"{"type":"use_stripe_sdk"}"# : "null")
      // After a decline the intent waits for another payment method.
      let charged = view.charge?.charge.paymentMethod ?? intent.paymentMethod
      let method = view.status == "requires_payment_method" ? nil : charged
      json.field("payment_method", method)
      json.raw("payment_method_types", #"["card"]"#)
      json.field("status", view.status)
    }
  }

  private func error(of view: IntentView, in json: inout JSONWriter) {
    guard let (number, charge) = view.charge, case .declined(let decline) = charge.result else {
      return json.raw("last_payment_error", "null")
    }
    json.object("last_payment_error") { json in
      cardError(decline, charge: number, method: charge.paymentMethod, in: &json)
    }
  }

  private func cardError(
    _ decline: Decline, charge: Int32, method: String, in json: inout JSONWriter
  ) {
    json.field("type", "card_error")
    json.field("code", decline.code)
    json.field("decline_code", decline.rawValue)
    json.field("message", decline.message)
    json.field("charge", ids.charge(charge))
    json.object("payment_method") { json in
      json.field("id", method)
      json.field("object", "payment_method")
    }
  }

  func charge(
    _ number: Int32, _ charge: Charge, of intent: PaymentIntent, in json: inout JSONWriter
  ) {
    let paid = charge.result == .succeeded
    json.object { json in
      json.field("id", ids.charge(number))
      json.field("object", "charge")
      json.field("amount", intent.amount)
      json.field("amount_captured", paid ? intent.amount : 0)
      json.field("amount_refunded", Int64(0))
      json.field("captured", paid)
      json.field("created", charge.created.milliseconds / 1_000)
      json.field("currency", intent.currency.code.lowercased())
      json.field("customer", intent.customer)
      json.field("description", intent.description)
      json.field("disputed", false)
      if case .declined(let decline) = charge.result {
        json.field("failure_code", decline.code)
        json.field("failure_message", decline.message)
      } else {
        json.raw("failure_code", "null")
        json.raw("failure_message", "null")
      }
      json.field("livemode", false)
      json.raw("metadata", intent.metadata)
      json.field("paid", paid)
      json.field("payment_intent", ids.intent(charge.intent))
      json.field("payment_method", charge.paymentMethod)
      if let card = TestCard.byPaymentMethod[charge.paymentMethod] {
        json.object("payment_method_details") { json in
          json.object("card") { json in
            json.field("brand", card.brand)
            json.field("last4", card.last4)
          }
          json.field("type", "card")
        }
      }
      json.field("refunded", false)
      json.field("status", paid ? "succeeded" : "failed")
    }
  }

  /// The body of a 402: the error, with the intent inside it.
  func declined(_ view: IntentView) -> [UInt8] {
    JSONWriter.document { json in
      json.object("error") { json in
        if let (number, charge) = view.charge, case .declined(let decline) = charge.result {
          cardError(decline, charge: number, method: charge.paymentMethod, in: &json)
        }
        intent(view, in: &json, named: "payment_intent")
      }
    }
  }

  func failure(_ failure: StripeFailure) -> [UInt8] {
    JSONWriter.document { json in
      json.object("error") { json in
        if let code = failure.code { json.field("code", code) }
        json.field("message", failure.message)
        if let param = failure.param { json.field("param", param) }
        json.field("type", failure.type)
      }
    }
  }
}

/// A refusal in Stripe's words. Nothing was executed and nothing is stored for the idempotency key:
/// Stripe keeps an answer only once an endpoint has begun to execute.
struct StripeFailure: Error, Equatable {
  var status: Int
  var type = "invalid_request_error"
  var code: String?
  var message: String
  var param: String?
  var retryAfterSeconds: Int?

  static func invalid(_ message: String, code: String? = nil, param: String? = nil) -> Self {
    Self(status: 400, code: code, message: message, param: param)
  }

  static func missing(_ param: String) -> Self {
    invalid("Missing required param: \(param).", code: "parameter_missing", param: param)
  }

  static func notAnInteger(_ value: String, _ param: String) -> Self {
    invalid("Invalid integer: \(value)", code: "parameter_invalid_integer", param: param)
  }

  static func unknownParameter(_ param: String) -> Self {
    invalid("Received unknown parameter: \(param)", code: "parameter_unknown", param: param)
  }

  static func noSuch(_ kind: String, _ id: String, param: String, status: Int = 404) -> Self {
    Self(
      status: status, code: "resource_missing", message: "No such \(kind): '\(id)'", param: param)
  }

  static let noKey = Self(
    status: 401,
    message: "You did not provide an API key. Send it as 'Authorization: Bearer YOUR_KEY'.")

  static let wrongKey = Self(status: 401, message: "Invalid API Key provided: sk_test_***")

  static let keyInUse = Self(
    status: 409, type: "idempotency_error", code: "idempotency_key_in_use",
    message: "There is currently another in-progress request using this idempotency key. "
      + "Please try again later.")

  static func otherParameters(_ key: String) -> Self {
    Self(
      status: 400, type: "idempotency_error",
      message: "Keys for idempotent requests can only be used with the same parameters they were "
        + "first used with. Try using a key other than '\(key)' if you meant to execute a "
        + "different request.")
  }

  static func tooManyRequests(retryAfterSeconds: Int) -> Self {
    Self(
      status: 429, code: "rate_limit",
      message: "Too many requests hit the API too quickly. Back off and try again.",
      retryAfterSeconds: retryAfterSeconds)
  }

  static func unrecognized(_ method: String, _ path: String) -> Self {
    Self(status: 404, message: "Unrecognized request URL (\(method): \(path)).")
  }
}

/// Stripe's answers name every field: what has no value is `null`.
extension JSONWriter {
  mutating func field(_ name: String, _ value: String?) {
    if let value { text(name, value) } else { null(name) }
  }

  mutating func field(_ name: String, _ value: Int64) { integer(name, value) }

  mutating func field(_ name: String, _ value: Bool) { boolean(name, value) }

  /// A map as a JSON object, names in order.
  static func sorted(_ map: [String: String]) -> [UInt8] {
    document { json in
      for (key, value) in map.sorted(by: { $0.key < $1.key }) { json.text(key, value) }
    }
  }

  mutating func counts(_ name: String, _ counts: [String: Int]) {
    object(name) { json in
      for (key, count) in counts.sorted(by: { $0.key < $1.key }) {
        json.integer(key, Int64(count))
      }
    }
  }
}
