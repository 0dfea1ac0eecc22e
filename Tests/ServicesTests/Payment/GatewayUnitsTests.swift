import Billing
import Testing

@testable import Payments

/// Amounts on their way to the gateway and back.
struct GatewayUnitsTests {
  private static func request(_ amountMinor: Int64, _ code: String) throws -> ChargeRequest {
    var request = try ChargeRequest.sample()
    request.amountMinor = amountMinor
    request.currency = try Currency(code)
    return request
  }

  private static func intent(_ number: Int64, _ code: String) -> SampleIntent {
    var intent = SampleIntent()
    intent.amount = "\(number)"
    intent.received = "\(number)"
    intent.currency = code.lowercased()
    return intent
  }

  static let units: [(Int64, String, Int64)] = [
    (5000, "ISK", 500_000), (38_000, "UGX", 3_800_000), (2_000_000, "MGA", 20_000),
    (1230, "KWD", 1230), (500, "JPY", 500), (123_456, "HUF", 123_456), (1234, "EUR", 1234),
  ]

  @Test(arguments: units)
  func `A charge is sent and answered in the gateway's units`(
    ours: Int64, code: String, theirs: Int64
  ) async throws {
    let request = try Self.request(ours, code)
    let step = ScriptedServer.Step.json(200, Self.intent(theirs, code).json)
    try await withGateway([step]) { gateway, server in
      #expect(await gateway.charge(request) == .succeeded(gatewayID: "pi_1"))
      #expect(server.requests.first?.contains("amount=\(theirs)&") == true)
    }
  }

  @Test(arguments: units)
  func `A decline is known by the gateway's number`(ours: Int64, code: String, theirs: Int64)
    async throws
  {
    let request = try Self.request(ours, code)
    let body = SampleIntent.declined(
      "card_declined", decline: "insufficient_funds", of: Self.intent(theirs, code))
    try await withGateway([.json(402, body)]) { gateway, _ in
      #expect(
        await gateway.charge(request)
          == .declined(gatewayID: "pi_1", code: "insufficient_funds"))
    }
  }

  /// ISO's number in the answer would be one per cent of the money, or a hundred times it.
  @Test(arguments: [(5000, "ISK"), (38_000, "UGX"), (2_000_000, "MGA")] as [(Int64, String)])
  func `An answer in IS os units is not believed`(ours: Int64, code: String) async throws {
    let request = try Self.request(ours, code)
    try await withGateway([.json(200, Self.intent(ours, code).json)]) { gateway, _ in
      guard case .implausible = await gateway.charge(request) else {
        Issue.record("believed")
        return
      }
    }
  }

  @Test(arguments: [(1234, "KWD"), (2_000_050, "MGA"), (10_000, "CLF")] as [(Int64, String)])
  func `What cannot be said is not sent`(ours: Int64, code: String) async throws {
    let request = try Self.request(ours, code)
    try await withGateway([.json(200, "{}")]) { gateway, server in
      guard case .rejected = await gateway.charge(request) else {
        Issue.record("not rejected")
        return
      }
      #expect(server.requests.isEmpty)
    }
  }

  private static func listed(_ number: Int64, _ code: String, ours: Bool) -> ScriptedServer.Step {
    let metadata = ours ? #"{"invoice":"2026-11/a","attempt":"1"}"# : "{}"
    return .json(
      200,
      """
      {"object":"list","has_more":false,"data":[{"id":"ch_1","amount":\(number),\
      "amount_refunded":\(number),"currency":"\(code.lowercased())","status":"succeeded",\
      "payment_intent":"pi_1","metadata":\(metadata)}]}
      """)
  }

  @Test(arguments: units)
  func `A listed charge is read in our units`(ours: Int64, code: String, theirs: Int64) async throws
  {
    let page = try await withGateway([Self.listed(theirs, code, ours: true)]) { gateway, _ in
      try await gateway.list(Evidence.noon, nil)
    }
    #expect(page.charges.map(\.amountMinor) == [ours])
    #expect(page.charges.map(\.refundedMinor) == [ours])
  }

  @Test func `A charge of ours that does not convert is named`() async throws {
    let fault = GatewayListFault.unreadable(
      "charge ch_1 is for 5050 isk, which is not a valid amount")
    await #expect(throws: fault) {
      try await withGateway([Self.listed(5050, "ISK", ours: true)]) { gateway, _ in
        try await gateway.list(Evidence.noon, nil)
      }
    }
  }

  @Test(arguments: [(5050, "ISK"), (700, "USDC")] as [(Int64, String)])
  func `Another program's charge stays as it is`(number: Int64, code: String) async throws {
    let page = try await withGateway([Self.listed(number, code, ours: false)]) { gateway, _ in
      try await gateway.list(Evidence.noon, nil)
    }
    #expect(page.charges.map(\.amountMinor) == [number])
  }
}
