import Testing

@testable import sandbox

struct PaymentIntentTests {
  @Test func `A good card is charged and described in stripes shape`() async throws {
    let fixture = try GatewayFixture()
    let answer = await fixture.charge("inv-1")
    #expect(answer.status == 200)
    #expect(answer["object"] == "payment_intent")
    #expect(answer["id"].hasPrefix("pi_") && answer["latest_charge"].hasPrefix("ch_"))
    #expect(answer["amount"] == "9012" && answer["amount_received"] == "9012")
    #expect(answer["currency"] == "chf" && answer["status"] == "succeeded")
    #expect(answer["metadata.invoice"] == "inv-1" && answer["metadata.attempt"] == "1")
    #expect(answer["livemode"] == "0" && answer["created"] == "1764547200")
    #expect(answer["last_payment_error"] == "null")
  }

  @Test(arguments: [
    ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
    ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
    ("pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card"),
    ("pm_card_visa_chargeDeclinedStolenCard", "card_declined", "stolen_card"),
    ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
    ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc"),
    ("pm_card_chargeDeclinedProcessingError", "processing_error", "processing_error"),
    ("pm_card_authenticationRequired", "authentication_required", "authentication_required"),
  ])
  func `A test card declines as Stripe says`(card: String, code: String, decline: String)
    async throws
  {
    let fixture = try GatewayFixture()
    let answer = await fixture.charge("inv-1", card: card)
    #expect(answer.status == 402)
    #expect(answer["error.type"] == "card_error" && answer["error.code"] == code)
    #expect(answer["error.decline_code"] == decline)
    #expect(answer["error.payment_intent.status"] == "requires_payment_method")
    #expect(answer["error.payment_intent.last_payment_error.decline_code"] == decline)
    #expect(try fixture.paid().isEmpty)
  }

  @Test(arguments: [
    ("currency=chf", "parameter_missing", "amount"),
    ("amount=100", "parameter_missing", "currency"),
    ("amount=1e3&currency=chf", "parameter_invalid_integer", "amount"),
    ("amount=0&currency=chf", "parameter_invalid_integer", "amount"),
    ("amount=49&currency=chf", "amount_too_small", "amount"),
    ("amount=100000000&currency=chf", "amount_too_large", "amount"),
    ("amount=5050&currency=isk", "invalid_amount", "amount"),
    ("amount=3801&currency=ugx", "invalid_amount", "amount"),
    ("amount=1234&currency=kwd", "invalid_amount", "amount"),
    ("amount=17499&currency=huf", "amount_too_small", "amount"),
    ("amount=29&currency=gbp", "amount_too_small", "amount"),
    ("amount=49&currency=jpy", "amount_too_small", "amount"),
    ("amount=10000000000&currency=jpy", "amount_too_large", "amount"),
    ("amount=1000&currency=clf", "-", "currency"),
    ("amount=100&currency=zzz", "-", "currency"),
    ("amount=100&currency=chf&amonut=1", "parameter_unknown", "amonut"),
    ("amount=100&currency=chf&confirm=yes", "-", "confirm"),
    ("amount=100&currency=chf&off_session=true", "-", "off_session"),
    ("amount=100&currency=chf&payment_method=pm_x", "resource_missing", "payment_method"),
    ("amount=100&currency=chf&confirm=true", "payment_intent_unexpected_state", "payment_method"),
    ("amount=%4", "-", "-"),
  ])
  func `A bad parameter is named`(form: String, code: String, param: String) async throws {
    let fixture = try GatewayFixture()
    let answer = await fixture.send("POST", "/v1/payment_intents", body: form)
    #expect(answer.status == 400 && answer["error.type"] == "invalid_request_error")
    #expect(answer["error.code"] == code && answer["error.param"] == param)
    #expect(try fixture.lines().count == 1)
  }

  @Test(arguments: [
    ("500", "isk"), ("100", "ugx"), ("20000", "mga"), ("1230", "kwd"), ("50", "jpy"),
    ("9999999999", "jpy"), ("17500", "huf"), ("123456", "huf"), ("30", "gbp"),
    ("99999999", "chf"), ("999999999999", "idr"),
  ])
  func `What Stripe takes is taken`(amount: String, currency: String) async throws {
    let fixture = try GatewayFixture()
    let answer = await fixture.charge("inv-1", amount: amount, currency: currency)
    #expect(answer.status == 200 && answer["amount"] == amount)
    #expect(try fixture.lines().last?["amount"] as? Int == Int(amount))
  }

  @Test func `The minimum can be set`() async throws {
    let fixture = try GatewayFixture(smallestAmount: 1)
    #expect(await fixture.charge("inv-1", amount: "1").status == 200)
  }

  @Test(arguments: [
    (nil, 401), ("Bearer sk_test_other", 401), ("Basic c2tfdGVzdF9zYW5kYm94Og==", 200),
    ("Basic eHg6", 401), ("bearer sk_test_sandbox", 200), ("sk_test_sandbox", 401),
  ])
  func `Only the key opens`(authorization: String?, status: Int) async throws {
    let fixture = try GatewayFixture()
    let answer = await fixture.send("GET", "/v1/charges", authorization: authorization)
    #expect(answer.status == status)
    #expect(!answer.text.contains("sk_test_other"))
  }

  @Test func `An intent is confirmed later and only once`() async throws {
    let fixture = try GatewayFixture()
    let made = await fixture.post(
      "/v1/payment_intents",
      [("amount", "100"), ("currency", "chf"), ("metadata[invoice]", "inv-1")], key: "make")
    #expect(made["status"] == "requires_payment_method")
    let path = "/v1/payment_intents/\(made["id"])"
    let declined = await fixture.post(
      path + "/confirm",
      [("payment_method", "pm_card_visa_chargeDeclinedLostCard"), ("off_session", "true")], key: "a"
    )
    #expect(declined.status == 402)
    let paid = await fixture.post(
      path + "/confirm", [("payment_method", "pm_card_visa"), ("off_session", "true")], key: "b")
    #expect(paid.status == 200 && paid["status"] == "succeeded" && paid["id"] == made["id"])
    let again = await fixture.post(
      path + "/confirm", [("payment_method", "pm_card_visa")], key: "c")
    #expect(again.status == 400 && again["error.code"] == "payment_intent_unexpected_state")
    // The first answers stay what they were.
    let replayed = await fixture.post(
      "/v1/payment_intents",
      [("amount", "100"), ("currency", "chf"), ("metadata[invoice]", "inv-1")], key: "make")
    #expect(replayed.replayed && replayed.text == made.text)
    #expect(await fixture.get(path)["status"] == "succeeded")
    #expect(try fixture.paid() == ["inv-1": 1])
  }

  @Test func `Authentication is asked of a customer who is there`() async throws {
    let fixture = try GatewayFixture()
    let answer = await fixture.post(
      "/v1/payment_intents",
      [
        ("amount", "100"), ("currency", "chf"), ("confirm", "true"),
        ("payment_method", "pm_card_authenticationRequired"),
      ])
    #expect(answer.status == 200 && answer["status"] == "requires_action")
  }

  @Test func `What is not there is a 404`() async throws {
    let fixture = try GatewayFixture()
    for path in ["/v1/payment_intents/pi_none", "/v1/charges/ch_none", "/v1/refunds"] {
      #expect(await fixture.get(path).status == 404)
    }
  }
}
