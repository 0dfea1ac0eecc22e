import Billing
import Testing

@testable import Payments

/// What the gateway took for an invoice, by whatever hand, over a real connection.
@Suite struct GatewayPaymentsTests {
  private static func search(_ intents: [SampleIntent]) -> ScriptedServer.Step {
    let data = intents.map(\.json).joined(separator: ",")
    return .json(200, #"{"object":"search_result","has_more":false,"data":[\#(data)]}"#)
  }

  private static func charges(_ text: String) -> ScriptedServer.Step {
    .json(200, #"{"object":"list","has_more":false,"data":[\#(text)]}"#)
  }

  private static func charge(
    _ id: String, _ payment: String = "pi_1", status: String = "succeeded", refunded: Int = 0
  ) -> String {
    #"{"id":"\#(id)","amount":9012,"amount_refunded":\#(refunded),"currency":"chf","#
      + #""status":"\#(status)","payment_intent":"\#(payment)","created":1764547200,"metadata":{}}"#
  }

  private func payments(_ steps: [ScriptedServer.Step]) async throws -> GatewayPayments {
    try await withGateway(steps) { gateway, _ in await gateway.payments(SampleIntent().invoice) }
  }

  @Test func `Nothing taken is nothing`() async throws {
    #expect(try await payments([Self.search([])]) == .made([]))
    let declined = SampleIntent(status: "requires_payment_method")
    #expect(try await payments([Self.search([declined])]) == .made([]))
  }

  /// A person gives an attempt of no number, and only the charge tells what was given back.
  @Test func `What was taken comes with its charges`() async throws {
    let both = [Self.charge("ch_2", refunded: 5), Self.charge("ch_1", status: "failed")]
    let found = try await payments([
      Self.search([SampleIntent()]), Self.charges(both.joined(separator: ",")),
    ])
    #expect(
      found
        == .made([
          GatewayCharge(
            id: "ch_2", payment: "pi_1", invoice: SampleIntent().invoice, attempt: nil,
            amountMinor: 9012, refundedMinor: 5, currency: "CHF", state: .succeeded,
            createdAt: Instant(milliseconds: 1_764_547_200_000))
        ]))
  }

  @Test(
    arguments: [
      [search([SampleIntent(invoice: "another")])],
      [.json(500, "{}")], [.json(200, "<html>")],
      [search([SampleIntent()]), .json(500, "{}")],
    ] as [[ScriptedServer.Step]])
  func `What cannot be told is not taken for nothing`(_ steps: [ScriptedServer.Step]) async throws {
    guard case .unanswered(.unknown) = try await payments(steps) else {
      Issue.record("taken for an answer")
      return
    }
  }

  @Test func `A refused key is no answer`() async throws {
    let error = #"{"error":{"type":"invalid_request_error"}}"#
    #expect(try await payments([.json(401, error)]) == .unanswered(.unauthorized("status 401")))
  }

  /// A proxy repeats any header; only a payment of the gateway's own shows that it keeps keys.
  @Test(arguments: [
    (ScriptedServer.Step.json(200, SampleIntent().json), false),
    (.json(200, SampleIntent().json, headers: ["Idempotency-Key: another"]), false),
    (.json(500, "{}", headers: [echo]), false),
    (.json(200, SampleIntent().json, headers: [echo]), true),
  ])
  func `A gateway that repeats the key keeps it`(step: ScriptedServer.Step, keeps: Bool)
    async throws
  {
    let request = try ChargeRequest.sample()
    let keepsKeys = try await withGateway([step]) { gateway, _ in
      _ = await gateway.charge(request)
      return gateway.keepsKeys()
    }
    #expect(keepsKeys == keeps)
  }

  private static let echo = "Idempotency-Key: month-close/inv-2026-11-o'neil/2"
}
