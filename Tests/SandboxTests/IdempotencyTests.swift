import Billing
import Synchronization
import Testing

@testable import sandbox

/// Stripe's semantics of idempotency keys, case by case, judged by the log.
struct IdempotencyTests {
  @Test func `A key charges once and its answer is replayed`() async throws {
    let fixture = try GatewayFixture()
    let first = await fixture.charge("inv-1", key: "k")
    let second = await fixture.charge("inv-1", key: "k")
    #expect(first.status == 200 && !first.replayed)
    #expect(second.status == 200 && second.replayed)
    #expect(first.text == second.text)
    #expect(second.headers["Original-Request"] == first.headers["Request-Id"])
    #expect(try fixture.paid() == ["inv-1": 1])
  }

  @Test func `A decline is stored like a success`() async throws {
    let fixture = try GatewayFixture()
    let card = "pm_card_visa_chargeDeclinedInsufficientFunds"
    let first = await fixture.charge("inv-1", key: "k", card: card)
    let second = await fixture.charge("inv-1", key: "k", card: card)
    #expect(first.status == 402 && second.status == 402 && second.replayed)
    #expect(first.text == second.text)
    #expect(try fixture.lines().count { $0["event"] as? String == "charge.failed" } == 1)
  }

  @Test(arguments: [
    (fault: "charge_then_500", paid: 1),
    (fault: "lost_500", paid: 0),
  ])
  func `A server error is stored too`(fault: String, paid: Int) async throws {
    let fixture = try GatewayFixture()
    _ = await fixture.control("POST", "faults", #"{"kind":"\#(fault)","match":{"times":1}}"#)
    let first = await fixture.charge("inv-1", key: "k")
    let second = await fixture.charge("inv-1", key: "k")
    #expect(first.status == 500 && !first.replayed)
    #expect(second.status == 500 && second.replayed)
    #expect(try fixture.paid()["inv-1", default: 0] == paid)
    let found = await fixture.get(
      "/v1/payment_intents/search", [("query", "metadata['invoice']:'inv-1'")])
    #expect(found.items.count == paid)
  }

  @Test func `Other parameters with the same key are an error`() async throws {
    let fixture = try GatewayFixture()
    _ = await fixture.charge("inv-1", key: "k")
    let other = await fixture.charge("inv-1", key: "k", amount: "1")
    #expect(other.status == 400 && other["error.type"] == "idempotency_error")
    let otherPath = await fixture.post("/v1/payment_intents/pi_x/confirm", [], key: "k")
    #expect(otherPath.status == 400 && otherPath["error.type"] == "idempotency_error")
    #expect(try fixture.paid() == ["inv-1": 1])
  }

  @Test func `The order of parameters does not matter`() async throws {
    let fixture = try GatewayFixture()
    let fields = [
      ("amount", "100"), ("currency", "chf"), ("confirm", "true"), ("off_session", "true"),
      ("payment_method", "pm_card_visa"), ("metadata[invoice]", "inv-1"),
    ]
    _ = await fixture.post("/v1/payment_intents", fields, key: "k")
    let again = await fixture.post("/v1/payment_intents", fields.reversed(), key: "k")
    #expect(again.status == 200 && again.replayed)
  }

  @Test func `A key in use is a conflict and nothing else happens`() async throws {
    let gate = ReplyGate()
    let fixture = try GatewayFixture(pause: { _ in await gate.wait() })
    _ = await fixture.control(
      "POST", "faults", #"{"kind":"latency","ms":300,"match":{"times":1}}"#)
    let gateway = fixture.gateway
    let body = GatewayFixture.form([
      ("amount", "100"), ("currency", "chf"), ("confirm", "true"), ("off_session", "true"),
      ("payment_method", "pm_card_visa"), ("metadata[invoice]", "inv-1"),
    ])
    let request = GatewayRequest(
      method: "POST", path: "/v1/payment_intents", body: Array(body.utf8),
      authorization: "Bearer sk_test_sandbox", idempotencyKey: "k")
    async let slow = gateway.answer(request)
    await gate.entered()
    let second = Answer(await gateway.answer(request))
    #expect(second.status == 409 && second["error.code"] == "idempotency_key_in_use")
    #expect(try fixture.paid().isEmpty)
    await gate.open()
    #expect(await slow.status == 200)
    let third = Answer(await gateway.answer(request))
    #expect(third.status == 200 && third.replayed)
    #expect(try fixture.paid() == ["inv-1": 1])
  }

  @Test func `After a day the key is forgotten and charges again`() async throws {
    let fixture = try GatewayFixture()
    _ = await fixture.charge("inv-1", key: "k")
    fixture.clock.advance(hours: 23)
    #expect(await fixture.charge("inv-1", key: "k").replayed)
    fixture.clock.advance(hours: 1)
    #expect(await !fixture.charge("inv-1", key: "k").replayed)
    #expect(try fixture.paid() == ["inv-1": 2])
    let summary = await fixture.control("GET", "summary")
    #expect(summary["double_charged_count"] == "1" && summary["keys"] == "1")
  }

  @Test(arguments: [
    (card: "pm_card_nobody", amount: "100", status: 400),
    (card: "pm_card_visa", amount: "-5", status: 400),
    (card: "pm_card_visa", amount: "1.5", status: 400),
  ])
  func `A refusal before execution is not stored`(card: String, amount: String, status: Int)
    async throws
  {
    let fixture = try GatewayFixture()
    let refused = await fixture.charge("inv-1", key: "k", card: card, amount: amount)
    #expect(refused.status == status)
    let good = await fixture.charge("inv-1", key: "k")
    #expect(good.status == 200 && !good.replayed)
  }

  @Test(arguments: ["409", "429", "401"])
  func `A fault before execution is not stored`(kind: String) async throws {
    let fixture = try GatewayFixture()
    _ = await fixture.control(
      "POST", "faults", #"{"kind":"\#(kind)","retry_after":7,"match":{"times":1}}"#)
    let refused = await fixture.charge("inv-1", key: "k")
    #expect(refused.status == Int(kind))
    #expect(refused.headers["Retry-After"] == (kind == "429" ? "7" : nil))
    #expect(try fixture.paid().isEmpty)
    #expect(await !fixture.charge("inv-1", key: "k").replayed)
    #expect(try fixture.paid() == ["inv-1": 1])
  }
}

/// Suspends its callers until it is opened, and reports that one is waiting.
actor ReplyGate {
  private var isOpen = false
  private var hasEntered = false
  private var waiting: [CheckedContinuation<Void, Never>] = []
  private var watching: [CheckedContinuation<Void, Never>] = []

  func wait() async {
    hasEntered = true
    for one in watching { one.resume() }
    watching = []
    if !isOpen { await withCheckedContinuation { waiting.append($0) } }
  }

  func entered() async {
    if !hasEntered { await withCheckedContinuation { watching.append($0) } }
  }

  func open() {
    isOpen = true
    for one in waiting { one.resume() }
    waiting = []
  }
}
