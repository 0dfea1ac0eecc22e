import Billing

/// A payment that a caller intends to collect. Kept for the life of the program, so it is small.
struct PaymentIntent: Sendable {
  var amount: Int64
  var currency: Currency
  /// As it was created; each charge has its own.
  var paymentMethod: String?
  var customer: String?
  var description: String?
  /// From the metadata: what this project's charger sends.
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

/// One attempt to charge a card, successful or not. Never changed.
struct Charge: Sendable {
  var intent: Int32
  var result: CardOutcome
  var paymentMethod: String
  var idempotencyKey: String?
  var created: Instant
}

/// An intent as it was right after one of its charges; an answer shows it, also when replayed
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

/// Ids of Stripe's look (`pi_`, `ch_`, `req_`) that carry their number, so that no index is needed.
///
/// `instance` is drawn at random for each new log: two sandboxes never give the same id.
struct ObjectIDs: Sendable {
  let instance: String

  static func random() -> ObjectIDs {
    let letters = Array("0123456789abcdefghijklmnopqrstuvwxyz")
    return ObjectIDs(instance: String((0..<10).map { _ in letters[Int.random(in: 0..<36)] }))
  }

  func intent(_ number: Int32) -> String { id("pi_", Int64(number)) }
  func charge(_ number: Int32) -> String { id("ch_", Int64(number)) }
  func request(_ number: Int64) -> String { id("req_", number) }

  func intentNumber(_ id: String) -> Int32? { number(id, "pi_").flatMap { Int32(exactly: $0) } }
  func chargeNumber(_ id: String) -> Int32? { number(id, "ch_").flatMap { Int32(exactly: $0) } }

  private func id(_ prefix: String, _ number: Int64) -> String {
    let digits = String(number, radix: 36)
    return prefix + instance + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
  }

  private func number(_ id: String, _ prefix: String) -> Int64? {
    guard id.hasPrefix(prefix + instance) else { return nil }
    return Int64(id.dropFirst(prefix.count + instance.count), radix: 36)
  }
}
