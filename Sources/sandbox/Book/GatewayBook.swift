import Billing
import JSON

/// Everything the gateway knows: intents, charges and stored answers. Changed only by `apply`.
struct GatewayBook: Sendable {
  let ids: ObjectIDs
  private(set) var intents: [PaymentIntent] = []
  private(set) var charges: [Charge] = []
  private(set) var newestOfInvoice: [String: Int32] = [:]
  private(set) var requests: Int64 = 0
  var keys = IdempotencyKeys()

  init(ids: ObjectIDs) { self.ids = ids }

  // MARK: Reading

  func view(_ number: Int32, asOf charge: Int32? = nil) -> IntentView {
    let intent = intents[Int(number)]
    let last = charge ?? intent.latestCharge
    return IntentView(number: number, intent: intent, charge: last.map { ($0, charges[Int($0)]) })
  }

  /// The intent as an answer reported it: without a charge if there was none yet.
  func view(_ answer: StoredAnswer) -> IntentView? {
    guard let number = answer.intent else { return nil }
    var view = view(number, asOf: answer.charge)
    if answer.charge == nil { view.charge = nil }
    return view
  }

  func intent(id: String) -> Int32? {
    ids.intentNumber(id).flatMap { intents.indices.contains(Int($0)) ? $0 : nil }
  }

  func charge(id: String) -> Int32? {
    ids.chargeNumber(id).flatMap { charges.indices.contains(Int($0)) ? $0 : nil }
  }

  /// Intents with this invoice in their metadata, newest first.
  func intents(ofInvoice invoice: String) -> [Int32] {
    var found: [Int32] = []
    var next = newestOfInvoice[invoice]
    while let number = next {
      found.append(number)
      next = intents[Int(number)].previousOfInvoice
    }
    return found
  }

  mutating func nextRequestID() -> String {
    requests += 1
    return ids.request(requests)
  }

  // MARK: Changing

  /// Applies one line of the log. Throws if the line does not follow from those before it.
  mutating func apply(_ line: ChargeLogLine) throws(LogFault) {
    switch line.event {
    case .opened: return
    case .keysExpired: return keys.forgetAll()
    case .requestLost: return try store(line, intent: nil, charge: nil)
    case .intentCreated:
      let intent = try intentNumber(of: line)
      return try store(line, intent: intent, charge: nil)
    case .chargeSucceeded, .chargeFailed, .actionRequired: break
    }
    let intent = try intentNumber(of: line)
    guard let id = line.charge, let number = ids.chargeNumber(id), Int(number) == charges.count
    else { throw .unfit("charge \(line.charge ?? "missing") is not the next one") }
    let result = try Self.result(of: line)
    charges.append(
      Charge(
        intent: intent, result: result, paymentMethod: line.paymentMethod ?? "",
        idempotencyKey: line.idempotencyKey, created: line.time))
    intents[Int(intent)].latestCharge = number
    try store(line, intent: intent, charge: number)
  }

  private static func result(of line: ChargeLogLine) throws(LogFault) -> CardOutcome {
    switch line.event {
    case .chargeSucceeded: return .succeeded
    case .actionRequired: return .requiresAction
    default:
      guard let decline = line.declineCode.flatMap(Decline.init(rawValue:)) else {
        throw .unfit("decline_code \(line.declineCode ?? "missing") is not known")
      }
      return .declined(decline)
    }
  }

  /// The line's intent; the next unused number creates a new one.
  private mutating func intentNumber(of line: ChargeLogLine) throws(LogFault) -> Int32 {
    guard let id = line.paymentIntent, let number = ids.intentNumber(id),
      (0...intents.count).contains(Int(number))
    else { throw .unfit("payment_intent \(line.paymentIntent ?? "missing") is not known") }
    if Int(number) == intents.count { try add(line, number) }
    return number
  }

  private mutating func add(_ line: ChargeLogLine, _ number: Int32) throws(LogFault) {
    guard let amount = line.amount, let code = line.currency else {
      throw .unfit("a new payment_intent needs amount and currency")
    }
    let currency: Currency
    do { currency = try Currency(code.uppercased()) } catch { throw .unfit("\(error)") }
    let invoice = line.invoice ?? ""
    intents.append(
      PaymentIntent(
        amount: amount, currency: currency, paymentMethod: line.paymentMethod,
        customer: line.customer, description: line.details, invoice: invoice,
        account: line.account ?? "", attempt: line.attempt ?? "",
        metadata: String(decoding: JSONWriter.sorted(line.metadata ?? [:]), as: UTF8.self),
        created: line.time,
        previousOfInvoice: invoice.isEmpty ? nil : newestOfInvoice[invoice]))
    if !invoice.isEmpty { newestOfInvoice[invoice] = number }
  }

  private mutating func store(_ line: ChargeLogLine, intent: Int32?, charge: Int32?)
    throws(LogFault)
  {
    let request = line.requestID.flatMap { Int64($0.suffix(8), radix: 36) } ?? 0
    requests = max(requests, request)
    guard let key = line.idempotencyKey else { return }
    guard let hex = line.fingerprint, let fingerprint = UInt64(hex, radix: 16),
      let status = line.answer.flatMap({ UInt16(exactly: $0) })
    else { throw .unfit("a line with an idempotency_key needs fingerprint and answer") }
    let answer = StoredAnswer(status: status, intent: intent, charge: charge, request: request)
    keys.store(answer, for: key, fingerprint: fingerprint, at: line.time)
  }
}

/// The log cannot be used; `description` is a sentence for a person.
enum LogFault: Error, Equatable, CustomStringConvertible {
  case unreadable(path: String, reason: String)
  case inUse(path: String)
  case badLine(path: String, line: Int, reason: String)
  case unfit(String)

  var description: String {
    switch self {
    case .unreadable(let path, let reason): "the log \(path) cannot be used: \(reason)"
    case .inUse(let path): "the log \(path) is in use by another sandbox; give each its own --log"
    case .badLine(let path, let line, let reason):
      "the log \(path) is damaged in line \(line): \(reason)"
    case .unfit(let reason): reason
    }
  }
}
