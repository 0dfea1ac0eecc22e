/// The faults that are set, in the order they were added. They live in memory: a restart clears
/// them.
struct FaultPlan: Sendable {
  /// What happens to one request: delays add up, of the other kinds the first one decides.
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
  /// Whether the request gets this fault; counts.
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
