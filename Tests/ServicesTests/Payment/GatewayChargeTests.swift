import Billing
import Testing

@testable import Payments

/// What each answer of the gateway means, over a real connection.
struct GatewayChargeTests {
  private func charge(_ steps: [ScriptedServer.Step], timeoutSeconds: Int = 120) async throws
    -> GatewayAnswer
  {
    let request = try ChargeRequest.sample()
    return try await withGateway(steps, timeoutSeconds: timeoutSeconds) { gateway, _ in
      await gateway.charge(request)
    }
  }

  private static let ours = SampleIntent()

  private static let notAPayment = "status 200 without the JSON of a payment"
  private static let gatewaysError = #"{"error":{"type":"invalid_request_error","message":"no"}}"#

  /// In order of what is looked at first.
  static let intents: [(SampleIntent, GatewayAnswer)] = [
    (make { _ in }, .succeeded(gatewayID: "pi_1")),
    (make { $0.object = "charge" }, .unknown(notAPayment)),
    (make { $0.id = "pi 1\\r\\n" }, .unknown(notAPayment)),
    (make { $0.id = "ch_1" }, .unknown(notAPayment)),
    (make { $0.invoice = "another" }, .implausible("metadata.invoice is not our invoice")),
    (make { $0.account = "another" }, .implausible("metadata.account is not our account")),
    (make { $0.attempt = "1" }, .implausible("metadata.attempt is not ours")),
    (make { $0.amount = "9013" }, .implausible("amount is 9013, expected 9012")),
    (make { $0.currency = "usd" }, .implausible("currency is not CHF")),
    (
      make { $0.received = "9011" },
      .implausible("amount_received is not the amount of a succeeded payment")
    ),
    (make { $0.amount = "9012.5" }, .unknown(notAPayment)),
    (
      make { $0.status = "requires_action" },
      .declined(gatewayID: "pi_1", code: "authentication_required")
    ),
    (
      make {
        $0.status = "requires_payment_method"
        $0.error = #"{"type":"card_error","code":"card_declined","decline_code":"lost_card"}"#
      }, .declined(gatewayID: "pi_1", code: "lost_card")
    ),
    (
      make { $0.status = "requires_payment_method" },
      .unknown("the payment is waiting for a payment method, without a decline")
    ),
    (make { $0.status = "processing" }, .unknown("the payment is processing")),
    (
      make { $0.status = "canceled" },
      .declined(gatewayID: "pi_1", code: "canceled")
    ),
    (
      make { $0.status = "requires_capture" },
      .implausible("the payment is in a state we never request")
    ),
  ]

  private static func make(_ change: (inout SampleIntent) -> Void) -> SampleIntent {
    var intent = ours
    change(&intent)
    return intent
  }

  @Test(arguments: intents.indices)
  func `A payment is believed only if it is ours`(index: Int) async throws {
    let (intent, answer) = Self.intents[index]
    #expect(try await charge([.json(200, intent.json)]) == answer)
  }

  @Test(arguments: [
    (code: "card_declined", decline: "insufficient_funds", hard: false),
    (code: "card_declined", decline: "generic_decline", hard: false),
    (code: "card_declined", decline: "do_not_honor", hard: false),
    (code: "card_declined", decline: "a_code_of_next_year", hard: false),
    (code: "processing_error", decline: "processing_error", hard: false),
    (code: "card_declined", decline: "lost_card", hard: true),
    (code: "card_declined", decline: "stolen_card", hard: true),
    (code: "card_declined", decline: "pickup_card", hard: true),
    (code: "card_declined", decline: "invalid_account", hard: true),
    (code: "expired_card", decline: "expired_card", hard: true),
    (code: "authentication_required", decline: "authentication_required", hard: true),
  ])
  func `A decline is hard by the table`(code: String, decline: String, hard: Bool) async throws {
    let body = SampleIntent.declined(code, decline: decline, of: Self.ours)
    let answer = try await charge([.json(402, body)])
    #expect(answer == .declined(gatewayID: "pi_1", code: decline))
    #expect(DeclinePolicy.isHard(decline) == hard)
  }

  @Test func `A decline without a bank's reason has the general code`() async throws {
    let body = SampleIntent.declined("expired_card", decline: nil, of: nil)
    #expect(
      try await charge([.json(402, body)])
        == .declined(gatewayID: nil, code: "expired_card"))
  }

  /// One reader takes the first amount, another one the last.
  @Test(arguments: ["amount", "currency", "id", "metadata", "status"])
  func `A key that is there twice is no proof`(key: String) async throws {
    let whole = SampleIntent().json
    let twice = "{\"\(key)\":null,\(whole.dropFirst())"
    let answer = try await charge([.json(200, twice)])
    if case .succeeded = answer { Issue.record("\(key) twice: \(answer)") }
  }

  @Test func `A decline of another payment is not believed`() async throws {
    let other = Self.make { $0.invoice = "another" }
    let body = SampleIntent.declined("card_declined", decline: "lost_card", of: other)
    #expect(try await charge([.json(402, body)]) == .implausible("a decline for another payment"))
  }

  @Test func `A code from outside is a word or nothing`() async throws {
    let body = SampleIntent.declined("x", decline: "<b>\\r\\nBcc: all</b>", of: nil)
    #expect(
      try await charge([.json(402, body)])
        == .declined(gatewayID: nil, code: "unrecognized"))
  }

  static let statuses: [(ScriptedServer.Step, GatewayAnswer)] = [
    (.json(400, "{}"), .unknown("status 400 without the gateway's error")),
    (.json(400, ""), .unknown("status 400 without the gateway's error")),
    (
      .json(
        400,
        #"{"error":{"type":"invalid_request_error","code":"parameter_missing","param":"amount"}}"#
      ), .rejected("status 400, invalid_request_error, parameter_missing, parameter amount")
    ),
    (
      .json(
        400,
        #"{"error":{"type":"invalid_request_error","code":"resource_missing","#
          + #""param":"payment_method"}}"#),
      .rejected(
        "status 400, invalid_request_error, resource_missing, parameter payment_method: "
          + "it does not know the account's payment_method")
    ),
    (.json(400, gatewaysError), .rejected("status 400, invalid_request_error")),
    (
      .json(400, #"{"error":{"type":"idempotency_error"}}"#),
      .unknown("status 400, idempotency_error")
    ),
    (.json(401, gatewaysError), .unauthorized("status 401")),
    (.json(403, gatewaysError), .unauthorized("status 403")),
    (.json(401, "{}"), .unreachable(before(401))),
    (.json(403, html), .unreachable(before(403))),
    (.json(402, "{}"), .unknown("status 402 without the gateway's card_error")),
    (.json(402, html), .unknown("status 402 without the gateway's card_error")),
    (.json(402, gatewaysError), .unknown("status 402 without the gateway's card_error")),
    (.json(404, gatewaysError), .unknown("status 404")),
    (.json(409, "{}"), .inProgress),
    (.json(429, "{}"), .throttled(retryAfterSeconds: nil)),
    (.json(429, "{}", headers: ["Retry-After: 7"]), .throttled(retryAfterSeconds: 7)),
    (.json(429, "{}", headers: ["Retry-After: -7"]), .throttled(retryAfterSeconds: 0)),
    (.json(429, "{}", headers: ["Retry-After: 99999999"]), .throttled(retryAfterSeconds: 3_600)),
    (.json(429, "{}", headers: ["Retry-After: soon"]), .throttled(retryAfterSeconds: nil)),
    (
      .json(
        429, "{}",
        headers: [
          "Date: Tue, 01 Dec 2026 02:00:00 GMT", "Retry-After: Tue, 01 Dec 2026 02:01:30 GMT",
        ]), .throttled(retryAfterSeconds: 90)
    ),
    (.json(500, "{}"), .unknown("status 500")),
    (.json(503, "no json"), .unknown("status 503")),
    (.json(503, "{}", headers: ["Retry-After: 20"]), .throttled(retryAfterSeconds: 20)),
    (.json(201, ours.json), .unknown(noWord(201))),
    (.json(202, ours.json), .unknown(noWord(202))),
    (.json(204, ""), .unknown(noWord(204))),
    (.json(302, "", headers: ["Location: /x"]), .unknown(noWord(302))),
    (.json(307, ours.json, headers: ["Location: /x"]), .unknown(noWord(307))),
    (.json(407, html), .unknown(noWord(407))),
    (.json(200, ""), .unknown(notAPayment)),
    (.json(200, html), .unknown(notAPayment)),
    (.json(200, #"{"id":"pi_1","#), .unknown(notAPayment)),
    (.json(200, String(ours.json.dropLast())), .unknown(notAPayment)),
    (.json(200, "[]"), .unknown(notAPayment)),
    (.json(200, #"{"object":"list","data":[\#(ours.json)]}"#), .unknown(notAPayment)),
    (.endless, .unknown("the answer is longer than 256 KiB")),
  ]

  private static let html = "<html><body>Sign in to the network</body></html>"

  private static func before(_ status: Int) -> String {
    "status \(status) without the gateway's error: something in front of it answered"
  }

  private static func noWord(_ status: Int) -> String {
    "status \(status) is not a final answer from this gateway"
  }

  @Test(arguments: statuses.indices)
  func `Every status has one meaning`(index: Int) async throws {
    let (step, answer) = Self.statuses[index]
    #expect(try await charge([step]) == answer)
  }

  /// It ends by itself; the limit leaves room for hundreds of tests that share two processors.
  @Test(
    .timeLimit(.minutes(1)),
    arguments: [
      ScriptedServer.Step.drop,
      .send("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"id\":"),
      .send("HTTP/1.1 200"),
      .send("this is not HTTP at all\r\n\r\n"),
      .sendAndHang(""),
      .sendAndHang("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"id\":"),
    ])
  func `An answer that breaks off is unknown`(step: ScriptedServer.Step) async throws {
    let answer = try await charge([step], timeoutSeconds: 1)
    guard case .unknown = answer else {
      Issue.record("expected unknown, found \(answer)")
      return
    }
  }

  /// Nothing was sent, which is said at once and not after the time a call may take.
  @Test(arguments: [
    ("127.0.0.1:1", "connection refused (errno 111)"),
    ("gateway.invalid:443", "the name gateway.invalid does not resolve"),
  ])
  func `A gateway that is not there was sent nothing`(place: String, why: String) async throws {
    let gateway = try PaymentGateway.http(
      url: "http://\(place)", key: "sk_test_x", timeoutSeconds: 600, maxConnections: 1,
      logger: .init(label: "test"))
    let request = try ChargeRequest.sample()
    let begin = ContinuousClock.now
    let answer = await gateway.charge(request)
    let lookup = await gateway.find(request)
    await gateway.shutdown()
    let sentence =
      "the payment gateway http://\(place) (MONTHCLOSE_GATEWAY_URL) cannot be reached: \(why)"
    #expect(answer == .unreachable(sentence))
    #expect(lookup == .unreachable(sentence))
    #expect(ContinuousClock.now - begin < .seconds(100))
  }

  @Test func `A redirect is not followed`() async throws {
    let request = try ChargeRequest.sample()
    let steps = [
      ScriptedServer.Step.json(307, "", headers: ["Location: /elsewhere"]),
      .json(200, Self.ours.json),
    ]
    try await withGateway(steps) { gateway, server in
      _ = await gateway.charge(request)
      #expect(server.requests.count == 1)
    }
  }
}
