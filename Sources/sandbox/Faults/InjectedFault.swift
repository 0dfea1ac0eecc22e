/// Faults on demand. `sandbox serve --help` prints the `help` of each.
enum InjectedFaultKind: String, Codable, CaseIterable, Sendable {
  case latency
  case chargeThenDrop = "charge_then_drop"
  case lostThenDrop = "lost_then_drop"
  case chargeThen500 = "charge_then_500"
  case lost500 = "lost_500"
  case conflict = "409"
  case throttled = "429"
  case unauthorized = "401"
  case wrongAmount = "wrong_amount"
  case wrongCurrency = "wrong_currency"
  case wrongInvoice = "wrong_invoice"
  case brokenJSON = "broken_json"
  case huge
  case redirect
  case html
  case empty
  case created = "201"
  case noContent = "204"
  case forbidden = "403_html"
  case lostHTML = "lost_html"
  case hang
  case searchEmpty = "search_empty"
  case keyExpiry = "key_expiry"

  var help: String {
    switch self {
    case .latency: "waits `ms`, half before it charges and half after"
    case .chargeThenDrop: "charges, then closes the connection without an answer"
    case .lostThenDrop: "does not charge, closes the connection"
    case .chargeThen500: "charges, answers 500, which is stored for the key"
    case .lost500: "does not charge, answers 500, which is stored"
    case .conflict: "key in use; nothing executed or stored"
    case .throttled: "with Retry-After `retry_after`; not executed or stored"
    case .unauthorized: "key refused; nothing executed or stored"
    case .wrongAmount: "charges correctly, but this answer has a wrong amount"
    case .wrongCurrency: "the same, with another currency"
    case .wrongInvoice: "the same, with another invoice in the metadata"
    case .brokenJSON: "charges, but cuts the answer off in the middle"
    case .huge: "charges, with an answer 10 MB long"
    case .redirect: "does not charge, answers 302 to another path"
    case .html: "charges, answers 200 with a page, as a portal does"
    case .empty: "charges, answers 200 without a body"
    case .created: "charges, answers correctly but with 201"
    case .noContent: "charges, answers 204"
    case .forbidden: "charges, answers 403 with a page, as a proxy does"
    case .lostHTML: "does not charge, answers 200 with a page"
    case .hang: "charges, never answers, keeps the connection open"
    case .searchEmpty: "search finds nothing, as when Stripe's index is behind"
    case .keyExpiry: "forgets all stored keys now, as after 24 hours"
    }
  }

  /// Kinds that apply only to a request that is executed now, not to a replay.
  var needsExecution: Bool {
    switch self {
    case .chargeThenDrop, .lostThenDrop, .chargeThen500, .lost500: true
    default: false
    }
  }
}

/// The requests that a fault strikes. Without `path`, only those that charge: POST under /v1/.
struct FaultMatch: Codable, Sendable, Equatable {
  var account: String?
  var invoice: String?
  var paymentMethod: String?
  /// A path prefix; with one, reads match too.
  var path: String?
  /// Every nth of the requests that match.
  var nth: Int?
  /// The maximum number of hits; afterwards the fault stays in the list with its hits.
  var times: Int?

  enum CodingKeys: String, CodingKey, CaseIterable {
    case account, invoice, path, nth, times
    case paymentMethod = "payment_method"
  }
}

/// What a fault can match of a request before it is executed.
struct FaultTarget: Sendable {
  var isPost: Bool
  var path: String
  var account: String?
  var invoice: String?
  var paymentMethod: String?
  var willExecute: Bool
}

/// A fault as it was requested, with its counts.
struct InjectedFault: Codable, Sendable, Equatable {
  var id: Int
  var kind: InjectedFaultKind
  var match: FaultMatch
  var ms: Int?
  var retryAfter: Int?
  /// The number of requests that matched, and of those that the fault struck.
  var met: Int = 0
  var hits: Int = 0

  enum CodingKeys: String, CodingKey {
    case id, kind, match, ms, met, hits
    case retryAfter = "retry_after"
  }
}

/// The body of `POST /_sandbox/faults`.
struct FaultOrder: Codable, Sendable {
  var kind: InjectedFaultKind
  var match: FaultMatch?
  var ms: Int?
  var retryAfter: Int?

  enum CodingKeys: String, CodingKey, CaseIterable {
    case kind, match, ms
    case retryAfter = "retry_after"
  }
}

/// The faults that are set, in the order they were added. They live in memory: a restart clears
/// them.
struct FaultPlan: Sendable {
  /// The effect on one request: delays add up; of the other kinds, the first one decides.
  struct Effect: Sendable, Equatable {
    var delayMilliseconds = 0
    var kind: InjectedFaultKind?
    var retryAfterSeconds = 1
  }

  private(set) var faults: [InjectedFault] = []
  private var lastID = 0

  mutating func add(_ order: FaultOrder) -> InjectedFault {
    lastID += 1
    let fault = InjectedFault(
      id: lastID, kind: order.kind, match: order.match ?? FaultMatch(), ms: order.ms,
      retryAfter: order.retryAfter)
    faults.append(fault)
    return fault
  }

  mutating func remove(id: Int) -> Bool {
    guard let index = faults.firstIndex(where: { $0.id == id }) else { return false }
    faults.remove(at: index)
    return true
  }

  mutating func clear() { faults.removeAll() }

  mutating func effect(on target: FaultTarget) -> Effect {
    var effect = Effect()
    for index in faults.indices {
      let isDelay = faults[index].kind == .latency
      guard isDelay || effect.kind == nil, faults[index].takes(target) else { continue }
      if isDelay {
        effect.delayMilliseconds += faults[index].ms ?? 0
      } else {
        effect.kind = faults[index].kind
        effect.retryAfterSeconds = faults[index].retryAfter ?? 1
      }
    }
    return effect
  }
}

extension InjectedFault {
  /// Whether the fault strikes this request; counts it.
  fileprivate mutating func takes(_ target: FaultTarget) -> Bool {
    guard match.times.map({ hits < $0 }) ?? true else { return false }
    if kind.needsExecution, !target.willExecute { return false }
    guard match.path.map(target.path.hasPrefix) ?? target.isPost,
      match.account == nil || match.account == target.account,
      match.invoice == nil || match.invoice == target.invoice,
      match.paymentMethod == nil || match.paymentMethod == target.paymentMethod
    else { return false }
    met += 1
    guard met.isMultiple(of: max(1, match.nth ?? 1)) else { return false }
    hits += 1
    return true
  }
}
