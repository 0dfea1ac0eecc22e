import Billing
import Logging
import Testing

@testable import Payments

/// What is sent, and what is never said.
struct GatewayRequestTests {
  @Test func `A charge is sent in stripes form`() async throws {
    let request = try ChargeRequest.sample()
    try await withGateway([.json(200, SampleIntent().json)]) { gateway, server in
      _ = await gateway.charge(request)
      let parts = try #require(server.requests.first).split(
        separator: "\r\n\r\n", maxSplits: 1
      ).map(String.init)
      let head = parts[0].lowercased()
      #expect(head.hasPrefix("post /v1/payment_intents http/1.1\r\n"))
      #expect(head.contains("\r\nauthorization: bearer sk_test_secret"))
      #expect(head.contains("\r\nidempotency-key: month-close/inv-2026-11-o'neil/2"))
      #expect(head.contains("\r\nstripe-version: 2024-06-20"))
      #expect(head.contains("\r\ncontent-type: application/x-www-form-urlencoded"))
      #expect(
        parts[1].split(separator: "&") == [
          "amount=9012", "currency=chf", "confirm=true", "off_session=true",
          "payment_method_types%5B%5D=card", "payment_method=pm_card_visa",
          "metadata%5Binvoice%5D=inv-2026-11-o%27neil", "metadata%5Baccount%5D=acc%201%262",
          "metadata%5Bperiod%5D=2026-11", "metadata%5Battempt%5D=2",
        ])
    }
  }

  @Test func `The same attempt is the same bytes`() throws {
    var later = try ChargeRequest.sample()
    later.createdAt = Instant(milliseconds: 0)
    #expect(GatewayForm.charge(later) == GatewayForm.charge(try .sample()))
  }

  @Test func `A card of a customer is sent with its customer`() throws {
    var request = try ChargeRequest.sample()
    request.paymentMethod = "cus_1/pm_1"
    let fields = try #require(GatewayForm.charge(request)).split(separator: "&")
    #expect(fields.contains("customer=cus_1") && fields.contains("payment_method=pm_1"))
  }

  @Test func `A lookup asks for invoice and attempt`() async throws {
    let request = try ChargeRequest.sample()
    try await withGateway([.json(200, #"{"data":[],"has_more":false}"#)]) { gateway, server in
      _ = await gateway.find(request)
      let line = try #require(server.requests.first?.split(separator: "\r\n").first)
      let query =
        "metadata%5B%27invoice%27%5D%3A%27inv-2026-11-o%5C%27neil%27%20AND%20"
        + "metadata%5B%27attempt%27%5D%3A%272%27"
      #expect(line == "GET /v1/payment_intents/search?query=\(query)&limit=100 HTTP/1.1")
    }
  }

  @Test func `Calls share connections`() async throws {
    let request = try ChargeRequest.sample()
    let body = SampleIntent().json
    let keptOpen =
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
      + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    // The second request on the kept connection is never answered: it must arrive there.
    try await withGateway([.sendAndHang(keptOpen)], timeoutSeconds: 1) { gateway, server in
      #expect(await gateway.charge(request) == .succeeded(gatewayID: "pi_1"))
      let second = await gateway.charge(request)
      #expect(second == .unknown("no complete answer within 1 s"))
      #expect(server.requests.count == 1)
    }
  }

  @Test(arguments: [
    ("ftp://127.0.0.1", "sk_test_x", PaymentGatewayError.unusableURL),
    ("127.0.0.1:12111", "sk_test_x", .unusableURL),
    ("http://user:pw@127.0.0.1", "sk_test_x", .unusableURL),
    ("https://pay.example/?a=b", "sk_test_x", .unusableURL),
    ("http://127.0.0.1", "", .unusableKey),
    ("http://127.0.0.1", "sk_test_x\r\nX: y", .unusableKey),
    ("http://pay.example", "sk_live_x", .liveKeyInTheClear),
  ])
  func `Unusable settings are refused and not repeated`(
    url: String, key: String, error: PaymentGatewayError
  ) {
    let thrown = #expect(throws: PaymentGatewayError.self) {
      try GatewayAddress(url: url, key: key)
    }
    #expect(thrown == error)
    #expect(thrown?.description.hasPrefix("MONTHCLOSE_GATEWAY_") == true)
  }

  @Test(arguments: [
    ("http://127.0.0.1:12111/", "sk_live_x"), ("http://sandbox:12111", "sk_test_x"),
    ("https://pay.example/gateway/", "sk_live_x"),
  ])
  func `Usable settings are accepted`(url: String, key: String) throws {
    #expect(try !GatewayAddress(url: url, key: key).base.hasSuffix("/"))
  }
}
