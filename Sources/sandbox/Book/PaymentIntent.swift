import Billing

/// One payment the caller means to take. Kept for the life of the program, so it is kept small.
struct PaymentIntent: Sendable {
  var amount: Int64
  var currency: Currency
  /// As it was created; each charge has its own.
  var paymentMethod: String?
  var customer: String?
  var description: String?
  /// Taken out of the metadata: what this project's charger says about itself.
  var invoice: String
  var account: String
  var attempt: String
  /// All metadata as one JSON object, names in order.
  var metadata: String
  var created: Instant
  /// The intent before this one with the same invoice in its metadata.
  var previousOfInvoice: Int32?
  var latestCharge: Int32?
}

/// One try to charge a card, succeeded or not. Never changed.
struct Charge: Sendable {
  var intent: Int32
  var result: CardOutcome
  var paymentMethod: String
  var idempotencyKey: String?
  var created: Instant
}

/// An intent as it was right after one of its charges: what an answer shows, also when replayed
/// later.
struct IntentView: Sendable {
  var number: Int32
  var intent: PaymentIntent
  var charge: (number: Int32, charge: Charge)?

  var status: String {
    switch charge?.charge.result {
    case .succeeded: "succeeded"
    case .requiresAction: "requires_action"
    case .declined: "requires_payment_method"
    case nil: intent.paymentMethod == nil ? "requires_payment_method" : "requires_confirmation"
    }
  }

  var isPaid: Bool { charge?.charge.result == .succeeded }
}
