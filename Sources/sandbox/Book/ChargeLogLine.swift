import Billing
import JSON

/// One change of state, as one line of the log. State is only ever changed by applying a line, live
/// and when the log is read again, so a restart reaches the state of the killed program.
struct ChargeLogLine: Codable, Sendable, Equatable {
  enum Event: String, Codable, Sendable {
    case opened = "log.opened"
    case intentCreated = "payment_intent.created"
    case chargeSucceeded = "charge.succeeded"
    case chargeFailed = "charge.failed"
    case actionRequired = "payment_intent.requires_action"
    /// A fault on demand: answered 500, nothing charged, the answer stored for its key.
    case requestLost = "request.lost"
    case keysExpired = "idempotency_keys.expired"
  }

  var time: Instant
  var event: Event
  var instance: String?
  var requestID: String?
  var paymentIntent: String?
  var charge: String?
  var invoice: String?
  var account: String?
  var attempt: String?
  var amount: Int64?
  /// ISO 4217, lower-case as Stripe writes it.
  var currency: String?
  var status: String?
  var declineCode: String?
  var paymentMethod: String?
  var customer: String?
  var details: String?
  var metadata: [String: String]?
  var idempotencyKey: String?
  /// Of the request's parameters; hexadecimal.
  var fingerprint: String?
  /// The HTTP status stored for the key.
  var answer: Int?

  enum CodingKeys: String, CodingKey {
    case time, event, instance, charge, invoice, account, attempt, amount, currency, status
    case customer, metadata, fingerprint, answer
    case details = "description"
    case requestID = "request"
    case paymentIntent = "payment_intent"
    case declineCode = "decline_code"
    case paymentMethod = "payment_method"
    case idempotencyKey = "idempotency_key"
  }

  init(time: Instant, event: Event) {
    self.time = time
    self.event = event
  }

  /// The line with its line feed.
  var bytes: [UInt8] {
    var json = JSONWriter()
    json.object { json in
      json.field("time", time.rfc3339)
      json.field("event", event.rawValue)
      let texts: [(String, String?)] = [
        ("instance", instance), ("payment_intent", paymentIntent), ("charge", charge),
        ("invoice", invoice), ("account", account), ("attempt", attempt),
      ]
      for (name, value) in texts where value != nil { json.field(name, value) }
      if let amount { json.field("amount", amount) }
      let more: [(String, String?)] = [
        ("currency", currency), ("status", status), ("decline_code", declineCode),
        ("payment_method", paymentMethod), ("customer", customer), ("description", details),
        ("idempotency_key", idempotencyKey), ("request", requestID), ("fingerprint", fingerprint),
      ]
      for (name, value) in more where value != nil { json.field(name, value) }
      if let answer { json.field("answer", Int64(answer)) }
      if let metadata {
        json.raw("metadata", String(decoding: JSONWriter.sorted(metadata), as: UTF8.self))
      }
    }
    return json.bytes + [UInt8(ascii: "\n")]
  }
}
