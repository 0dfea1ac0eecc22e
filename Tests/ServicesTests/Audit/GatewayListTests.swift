import Billing
import Testing

@testable import Payments

@Suite struct GatewayListTests {
  private static func charge(
    _ id: String = "ch_1", status: String = "succeeded", more: String = ""
  ) -> String {
    """
    {"id":"\(id)","object":"charge","amount":1081,"amount_refunded":81,"currency":"chf",\
    "status":"\(status)","payment_intent":"pi_1","disputed":false,\
    "metadata":{"invoice":"2026-11/a","attempt":"2"}\(more)}
    """
  }

  private static func page(_ charges: String..., hasMore: Bool = false) -> ScriptedServer.Step {
    .json(
      200,
      #"{"object":"list","has_more":\#(hasMore),"data":[\#(charges.joined(separator: ","))]}"#)
  }

  @Test func `A page is read and the next one asked for by its last charge`() async throws {
    let steps = [Self.page(Self.charge(), hasMore: true), Self.page(Self.charge("ch_2"))]
    let (pages, requests) = try await withGateway(steps) { gateway, server in
      let first = try await gateway.list(Evidence.noon, nil)
      let second = try await gateway.list(Evidence.noon, first.charges.last?.id)
      return ([first, second], server.requests)
    }
    #expect(pages.map(\.hasMore) == [true, false])
    #expect(
      pages[0].charges == [
        GatewayCharge(
          id: "ch_1", payment: "pi_1", invoice: "2026-11/a", attempt: 2, amountMinor: 1081,
          refundedMinor: 81, currency: "CHF", state: .succeeded)
      ])
    #expect(requests[0].hasPrefix("GET /v1/charges?limit=100&created%5Bgte%5D=1796126400 HTTP"))
    #expect(requests[1].contains("&starting_after=ch_1 "))
  }

  @Test(
    arguments: [
      (.json(401, #"{"error":{"type":"x"}}"#), .unauthorized(status: 401)),
      (
        .json(403, "<html>"),
        .unreachable(
          "status 403 without the gateway's error: something in front of it answered")
      ),
      (.json(503, "{}"), .unreachable("status 503")),
      (.json(200, "{"), .unreadable("the answer is not the JSON of a list of charges")),
      (
        page(charge(status: "teleported")),
        .unreadable("a charge without an id, with a negative amount or an unknown status")
      ),
      (.endless, .unreadable("a page is longer than 4 MiB")),
    ] as [(ScriptedServer.Step, GatewayListFault)])
  func `A list that cannot be believed is no list`(
    _ step: ScriptedServer.Step, _ fault: GatewayListFault
  ) async throws {
    await #expect(throws: fault) {
      try await withGateway([step]) { gateway, _ in try await gateway.list(Evidence.noon, nil) }
    }
  }

  @Test func `A larger page than any answer to a charge is read`() async throws {
    let padding = #","x":"\#(String(repeating: "x", count: 300_000))""#
    let page = try await withGateway([Self.page(Self.charge(more: padding))]) { gateway, _ in
      try await gateway.list(Evidence.noon, nil)
    }
    #expect(page.charges.count == 1)
  }
}
