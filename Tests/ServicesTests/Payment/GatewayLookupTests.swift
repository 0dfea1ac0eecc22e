import Billing
import Testing

@testable import Payments

struct GatewayLookupTests {
  private static func page(_ intents: [SampleIntent], next: String? = nil) -> ScriptedServer.Step {
    let data = intents.map(\.json).joined(separator: ",")
    let nextPage = next.map { "\"\($0)\"" } ?? "null"
    return .json(
      200,
      #"{"object":"search_result","data":[\#(data)],"has_more":\#(next != nil),"#
        + #""next_page":\#(nextPage)}"#)
  }

  private static func intent(
    _ id: String, _ status: String = "succeeded", created: String = "1", attempt: String = "2",
    amount: String = "9012"
  ) -> SampleIntent {
    var intent = SampleIntent()
    intent.id = id
    intent.status = status
    intent.created = created
    intent.attempt = attempt
    intent.amount = amount
    intent.error =
      #"{"type":"card_error","code":"card_declined","decline_code":"insufficient_funds"}"#
    return intent
  }

  private static let declined = "requires_payment_method"

  static let cases: [([ScriptedServer.Step], GatewayLookup)] = [
    ([page([])], .notFound),
    ([page([intent("pi_1")])], .found(.succeeded(gatewayID: "pi_1"))),
    (
      [page([intent("pi_1", declined, created: "1"), intent("pi_2", declined, created: "2")])],
      .found(.declined(gatewayID: "pi_2", code: "insufficient_funds"))
    ),
    (
      [page([intent("pi_2", declined, created: "2")], next: "p2"), page([intent("pi_1")])],
      .found(.succeeded(gatewayID: "pi_1"))
    ),
    (
      [page([intent("pi_1"), intent("pi_2")])],
      .found(.implausible("2 succeeded payments for one attempt"))
    ),
    (
      [page([intent("pi_1", amount: "1")])],
      .found(.implausible("amount is 1, expected 9012"))
    ),
    ([page([intent("pi_1", "processing")])], .found(.unknown("the payment is processing"))),
    (
      [page([intent("pi_1", attempt: "1")])],
      .unknown("the search returned payments for another invoice")
    ),
    (
      Array(repeating: page([], next: "more"), count: 6),
      .unknown("lookup: more than 5 pages of payments for one attempt")
    ),
    (
      [page([intent("ch_1")])], .unknown("the search returned a non-payment")
    ),
    ([.json(401, #"{"error":{"type":"invalid_request_error"}}"#)], .unauthorized("status 401")),
    (
      [.json(403, "<html></html>")],
      .unreachable("status 403 without the gateway's error: something in front of it answered")
    ),
    ([.json(429, "{}")], .unknown("lookup: status 429")),
    ([.json(500, "{}")], .unknown("lookup: status 500")),
    (
      [.json(302, "", headers: ["Location: /x"])], .unknown("lookup: status 302")
    ),
    ([.json(200, "{")], .unknown("lookup: the answer is not the JSON of a search")),
    ([.endless], .unknown("lookup: the answer is longer than 256 KiB")),
  ]

  @Test(arguments: cases.indices)
  func `A lookup says what is known of the attempt`(index: Int) async throws {
    let (steps, lookup) = Self.cases[index]
    let request = try ChargeRequest.sample()
    let found = try await withGateway(steps) { gateway, _ in await gateway.find(request) }
    #expect(found == lookup)
  }

  @Test func `A dropped lookup is unknown`() async throws {
    let request = try ChargeRequest.sample()
    let found = try await withGateway([.drop], timeoutSeconds: 1) { gateway, _ in
      await gateway.find(request)
    }
    guard case .unknown = found else {
      Issue.record("expected unknown, found \(found)")
      return
    }
  }
}
