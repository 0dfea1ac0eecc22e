import Testing

@testable import sandbox

/// Faults on demand: what is charged, what is answered, and that hits are counted.
struct InjectedFaultTests {
  @Test(arguments: [
    (kind: "charge_then_drop", paid: 1, dropped: true),
    (kind: "lost_then_drop", paid: 0, dropped: true),
    (kind: "broken_json", paid: 1, dropped: false),
    (kind: "huge", paid: 1, dropped: false),
    (kind: "redirect", paid: 0, dropped: false),
    (kind: "html", paid: 1, dropped: false),
    (kind: "empty", paid: 1, dropped: false),
    (kind: "201", paid: 1, dropped: false),
    (kind: "204", paid: 1, dropped: false),
    (kind: "403_html", paid: 1, dropped: false),
    (kind: "lost_html", paid: 0, dropped: false),
    (kind: "wrong_amount", paid: 1, dropped: false),
    (kind: "hang", paid: 1, dropped: false),
  ])
  func `The second request of the key is answered rightly`(
    kind: String, paid: Int, dropped: Bool
  ) async throws {
    let fixture = try GatewayFixture()
    _ = await fixture.control("POST", "faults", #"{"kind":"\#(kind)","match":{"times":1}}"#)
    let first = await fixture.charge("inv-1", key: "k")
    #expect((first.delivery == .drop) == dropped)
    #expect(try fixture.paid()["inv-1", default: 0] == paid)
    let second = await fixture.charge("inv-1", key: "k")
    #expect(second.status == 200 && second["amount"] == "9012")
    #expect(second.replayed == (paid == 1))
    #expect(try fixture.paid() == ["inv-1": 1])
    #expect(await fixture.control("GET", "summary")["faults_hit.\(kind)"] == "1")
  }

  @Test(arguments: [
    ("wrong_amount", "amount", "9013"), ("wrong_currency", "currency", "usd"),
    ("wrong_invoice", "metadata.invoice", "another-inv-1"),
  ])
  func `A wrong answer is wrong in one place`(kind: String, path: String, value: String)
    async throws
  {
    let fixture = try GatewayFixture()
    _ = await fixture.control("POST", "faults", #"{"kind":"\#(kind)"}"#)
    let answer = await fixture.charge("inv-1")
    #expect(answer.status == 200 && answer[path] == value)
  }

  @Test func `Broken is no JSON and huge is huge`() async throws {
    let fixture = try GatewayFixture()
    _ = await fixture.control("POST", "faults", #"{"kind":"broken_json","match":{"invoice":"a"}}"#)
    _ = await fixture.control("POST", "faults", #"{"kind":"huge","match":{"invoice":"b"}}"#)
    #expect(await fixture.charge("a").json == nil)
    let huge = await fixture.charge("b")
    #expect(huge.text.utf8.count > 10 << 20 && huge["status"] == "succeeded")
    let redirect = await fixture.control("POST", "faults", #"{"kind":"redirect"}"#)
    #expect(redirect.status == 200)
    let answer = await fixture.charge("c")
    #expect(answer.status == 302 && answer.headers["Location"] == "/elsewhere")
  }

  @Test func `A fault meets only what it matches`() async throws {
    let fixture = try GatewayFixture()
    _ = await fixture.control(
      "POST", "faults", #"{"kind":"429","match":{"account":"acc-2","nth":2,"times":2}}"#)
    #expect(await fixture.charge("x", account: "acc-1").status == 200)
    var statuses: [Int] = []
    for number in 0..<8 {
      statuses.append(await fixture.charge("inv-\(number)", account: "acc-2").status)
    }
    #expect(statuses == [200, 429, 200, 429, 200, 200, 200, 200])
    let list = await fixture.control("GET", "faults")
    #expect(list.items.first?["hits"] as? Int == 2 && list.items.first?["met"] as? Int == 4)
  }

  @Test func `Reads are met only by path`() async throws {
    let fixture = try GatewayFixture()
    _ = await fixture.control("POST", "faults", #"{"kind":"401"}"#)
    #expect(await fixture.get("/v1/charges").status == 200)
    #expect(await fixture.charge("inv-1").status == 401)
    #expect(await fixture.control("DELETE", "faults").items.isEmpty)
    #expect(await fixture.charge("inv-1").status == 200)
    _ = await fixture.control("POST", "faults", #"{"kind":"401","match":{"path":"/v1/"}}"#)
    #expect(await fixture.get("/v1/charges").status == 401)
    #expect(await fixture.charge("inv-1").status == 401)
    #expect(await fixture.control("DELETE", "faults/2").items.isEmpty)
    _ = await fixture.control(
      "POST", "faults", #"{"kind":"search_empty","match":{"path":"/v1/payment_intents/search"}}"#)
    let query = [("query", "metadata['invoice']:'inv-1'")]
    #expect(await fixture.get("/v1/payment_intents/search", query).items.isEmpty)
  }

  @Test func `Keys expire at once on demand`() async throws {
    let fixture = try GatewayFixture()
    _ = await fixture.charge("inv-1", key: "k")
    let expired = await fixture.control("POST", "faults", #"{"kind":"key_expiry"}"#)
    #expect(expired["forgotten"] == "1")
    #expect(await !fixture.charge("inv-1", key: "k").replayed)
    #expect(try fixture.paid() == ["inv-1": 2])
  }

  @Test func `A rule lets a retry succeed or a good card fail`() async throws {
    let fixture = try GatewayFixture()
    let poor = "pm_card_visa_chargeDeclinedInsufficientFunds"
    #expect(await fixture.charge("inv-1", card: poor).status == 402)
    _ = await fixture.control("POST", "outcomes", #"{"account":"acc-1","outcome":"succeeded"}"#)
    #expect(await fixture.charge("inv-1", card: poor, attempt: "2").status == 200)
    _ = await fixture.control("DELETE", "outcomes")
    _ = await fixture.control(
      "POST", "outcomes", #"{"payment_method":"pm_card_visa","outcome":"lost_card","times":1}"#)
    #expect(await fixture.charge("inv-2")["error.decline_code"] == "lost_card")
    #expect(await fixture.charge("inv-3").status == 200)
    #expect(await fixture.control("GET", "outcomes").items.isEmpty)
  }

  @Test(arguments: [
    ("faults", #"{"kind":"nonsense"}"#), ("faults", #"{"kind":"429","macth":{}}"#),
    ("faults", "{"), ("outcomes", #"{"outcome":"rich"}"#), ("outcomes", "[]"),
  ])
  func `A control request that is not understood is refused`(path: String, body: String)
    async throws
  {
    #expect(try await GatewayFixture().control("POST", path, body).status == 400)
  }

  @Test func `Control is for the loopback only`() async throws {
    let fixture = try GatewayFixture()
    let answer = await fixture.gateway.answer(
      GatewayRequest(
        method: "GET", path: "/_sandbox/summary", authorization: "Bearer sk_test_sandbox",
        isLoopback: false))
    #expect(answer.status == 403)
  }

  @Test func `Latency passes half before and half after the charge`() async throws {
    let seen = SeenRequests()
    let fixture = try GatewayFixture(pause: { milliseconds in await seen.add(milliseconds) })
    _ = await fixture.control("POST", "faults", #"{"kind":"latency","ms":301}"#)
    #expect(await fixture.charge("inv-1").status == 200)
    #expect(await seen.milliseconds == [150, 151])
  }
}

actor SeenRequests {
  private(set) var milliseconds: [Int] = []
  func add(_ value: Int) { milliseconds.append(value) }
}
