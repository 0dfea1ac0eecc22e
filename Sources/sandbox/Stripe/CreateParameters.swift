import Billing

/// The parameters of `POST /v1/payment_intents`, checked as Stripe checks them.
struct CreateParameters: Sendable {
  var amount: Int64
  var currency: Currency
  var confirm: Bool
  var offSession: Bool
  var paymentMethod: String?
  var customer: String?
  var details: String?
  var metadata: [String: String]

  private static let known: Set<String> = [
    "amount", "currency", "confirm", "off_session", "payment_method", "payment_method_types",
    "automatic_payment_methods", "metadata", "description", "customer", "statement_descriptor",
    "statement_descriptor_suffix", "capture_method", "confirmation_method",
    "error_on_requires_action", "return_url", "expand", "receipt_email",
  ]

  init(_ fields: FormFields, smallestAmount: Int64?) throws(StripeFailure) {
    try fields.allowOnly(Self.known)
    amount = try Self.amount(fields)
    guard let code = fields["currency"] else { throw .missing("currency") }
    do { currency = try Currency(code.uppercased()) } catch {
      throw .invalid("Invalid currency: \(code).", param: "currency")
    }
    if let refusal = AmountRules.refusal(of: amount, code, smallest: smallestAmount) {
      throw refusal
    }
    confirm = try fields.flag("confirm")
    offSession = try fields.flag("off_session")
    paymentMethod = try fields.testCard()
    customer = fields["customer"]
    details = fields["description"]
    metadata = try fields.metadata()
    if confirm, paymentMethod == nil {
      throw .invalid(
        "You cannot confirm this PaymentIntent because it's missing a payment method.",
        code: "payment_intent_unexpected_state", param: "payment_method")
    }
    if offSession, !confirm {
      throw .invalid("off_session can only be used with confirm=true.", param: "off_session")
    }
  }

  private static func amount(_ fields: FormFields) throws(StripeFailure) -> Int64 {
    guard let text = fields["amount"] else { throw .missing("amount") }
    guard let amount = Int64(text) else { throw .notAnInteger(text, "amount") }
    guard amount >= 1 else {
      throw .invalid(
        "This value must be greater than or equal to 1.", code: "parameter_invalid_integer",
        param: "amount")
    }
    return amount
  }
}

extension FormFields {
  func allowOnly(_ known: Set<String>) throws(StripeFailure) {
    for (name, _) in pairs {
      let base = name.prefix { $0 != "[" }
      if !known.contains(String(base)) { throw .unknownParameter(name) }
    }
  }

  func flag(_ name: String) throws(StripeFailure) -> Bool {
    switch self[name] {
    case nil, "false": false
    case "true": true
    case let other?: throw .invalid("Invalid boolean: \(other)", param: name)
    }
  }

  /// A payment method the sandbox knows; Stripe answers 400 for others.
  func testCard() throws(StripeFailure) -> String? {
    guard let id = self["payment_method"] else { return nil }
    guard TestCard.byPaymentMethod[id] != nil else {
      throw .noSuch("PaymentMethod", id, param: "payment_method", status: 400)
    }
    return id
  }

  func metadata() throws(StripeFailure) -> [String: String] {
    var metadata: [String: String] = [:]
    for (key, value) in group("metadata") {
      guard key.count <= 40, value.count <= 500 else {
        throw .invalid(
          "Metadata keys have up to 40 characters and values up to 500.", param: "metadata[\(key)]")
      }
      metadata[key] = value
    }
    guard metadata.count <= 50 else {
      throw .invalid("Metadata has up to 50 keys.", param: "metadata")
    }
    return metadata
  }
}
