import Billing

/// What is sent: form-encoded, the same bytes for the same attempt.
enum GatewayForm {
  /// Creates and confirms a PaymentIntent with the customer absent. `payment_method_types` is
  /// named, so that no method that needs a browser is ever chosen. `nil`: the amount cannot be said
  /// in the gateway's units.
  static func charge(_ request: ChargeRequest) -> String? {
    guard let number = request.gatewayNumber else { return nil }
    var fields = [
      ("amount", String(number)),
      ("currency", request.currency.code.lowercased()),
      ("confirm", "true"),
      ("off_session", "true"),
      ("payment_method_types[]", "card"),
    ]
    let parts = request.paymentMethod.split(separator: "/", maxSplits: 1).map(String.init)
    if parts.count == 2 {
      fields += [("customer", parts[0]), ("payment_method", parts[1])]
    } else {
      fields.append(("payment_method", request.paymentMethod))
    }
    fields += [
      ("metadata[invoice]", request.invoice),
      ("metadata[account]", request.account),
      ("metadata[period]", request.period.description),
      ("metadata[attempt]", String(request.attempt)),
    ]
    return encode(fields)
  }

  static func search(_ request: ChargeRequest) -> [(String, String)] {
    let query =
      "metadata['invoice']:'\(quoted(request.invoice))' "
      + "AND metadata['attempt']:'\(request.attempt)'"
    return [("query", query), ("limit", "100")]
  }

  static func search(invoice: String) -> [(String, String)] {
    [("query", "metadata['invoice']:'\(quoted(invoice))'"), ("limit", "100")]
  }

  private static func quoted(_ text: String) -> String {
    var quoted = ""
    for character in text {
      if character == "'" || character == "\\" { quoted.append("\\") }
      quoted.append(character)
    }
    return quoted
  }

  static func encode(_ fields: [(String, String)]) -> String {
    fields.map { "\(escaped($0.0))=\(escaped($0.1))" }.joined(separator: "&")
  }

  private static func escaped(_ text: String) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count)
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
        UInt8(ascii: "."), UInt8(ascii: "~"):
        bytes.append(byte)
      default:
        let digits = StaticString("0123456789ABCDEF").utf8Start
        bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
