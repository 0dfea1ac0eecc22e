/// The resources in Stripe's shape. Only fields that mean something here are filled.
struct StripeObjects: Sendable {
  var ids: ObjectIDs

  func intent(_ view: IntentView, in json: inout JSONText, named name: StaticString? = nil) {
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

  private func error(of view: IntentView, in json: inout JSONText) {
    guard let (number, charge) = view.charge, case .declined(let decline) = charge.result else {
      return json.raw("last_payment_error", "null")
    }
    json.object("last_payment_error") { json in
      cardError(decline, charge: number, method: charge.paymentMethod, in: &json)
    }
  }

  private func cardError(
    _ decline: Decline, charge: Int32, method: String, in json: inout JSONText
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
    _ number: Int32, _ charge: Charge, of intent: PaymentIntent, in json: inout JSONText
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
    JSONText.document { json in
      json.object("error") { json in
        if let (number, charge) = view.charge, case .declined(let decline) = charge.result {
          cardError(decline, charge: number, method: charge.paymentMethod, in: &json)
        }
        intent(view, in: &json, named: "payment_intent")
      }
    }
  }

  func failure(_ failure: StripeFailure) -> [UInt8] {
    JSONText.document { json in
      json.object("error") { json in
        if let code = failure.code { json.field("code", code) }
        json.field("message", failure.message)
        if let param = failure.param { json.field("param", param) }
        json.field("type", failure.type)
      }
    }
  }
}
