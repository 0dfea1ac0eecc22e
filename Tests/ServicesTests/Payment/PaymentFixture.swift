import Billing
import Logging

@testable import Payments

extension ChargeRequest {
  /// What the tests of the gateway charge.
  static func sample() throws -> ChargeRequest {
    ChargeRequest(
      invoice: "inv-2026-11-o'neil", account: "acc 1&2", period: try Period("2026-11"), attempt: 2,
      key: "month-close/inv-2026-11-o'neil/2", amountMinor: 9_012, currency: try Currency("CHF"),
      paymentMethod: "pm_card_visa", createdAt: Instant(milliseconds: 1_764_547_200_000))
  }
}

/// JSON of a payment as the gateway would send it; each part can be made wrong.
struct SampleIntent {
  var object = "payment_intent"
  var id = "pi_1"
  var amount = "9012"
  var received = "9012"
  var currency = "chf"
  var status = "succeeded"
  var invoice = "inv-2026-11-o'neil"
  var account = "acc 1&2"
  var attempt = "2"
  var created = "1764547200"
  var error = "null"

  var json: String {
    """
    {"id":"\(id)","object":"\(object)","amount":\(amount),"amount_received":\(received),\
    "currency":"\(currency)","status":"\(status)","created":\(created),"latest_charge":"ch_1",\
    "last_payment_error":\(error),"livemode":false,\
    "metadata":{"account":"\(account)","attempt":"\(attempt)","invoice":"\(invoice)"}}
    """
  }

  static func declined(_ code: String?, decline: String?, of intent: SampleIntent?) -> String {
    var fields = [#""type":"card_error""#]
    if let code { fields.append(#""code":"\#(code)""#) }
    if let decline { fields.append(#""decline_code":"\#(decline)""#) }
    if let intent { fields.append(#""payment_intent":\#(intent.json)"#) }
    return #"{"error":{\#(fields.joined(separator: ","))}}"#
  }
}

/// A gateway over a scripted server, for the length of one closure.
func withGateway<Result: Sendable>(
  _ steps: [ScriptedServer.Step], timeoutSeconds: Int = 120,
  _ body: @Sendable (PaymentGateway, ScriptedServer) async throws -> Result
) async throws -> Result {
  let server = try ScriptedServer(steps)
  defer { server.stop() }
  let gateway = try PaymentGateway.http(
    url: server.url + "/", key: "sk_test_secret", timeoutSeconds: timeoutSeconds,
    maxConnections: 4, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  do {
    let result = try await body(gateway, server)
    await gateway.shutdown()
    return result
  } catch {
    await gateway.shutdown()
    throw error
  }
}
