import Billing
import Ledger
import Payments

/// One attempt that needs the gateway's word.
struct GatewayCall: Sendable {
  var job: Job
  var attempt: Attempt
  var facts: AccountFacts
  /// Just committed by this message; otherwise found unsettled.
  var isFresh: Bool
  var finding: Finding = .unsettled
  var leaving: Int64 = 0
}

enum AttemptAnswer: Sendable {
  /// Charging pauses; nothing was sent.
  case notCalled
  case gateway(GatewayAnswer)
  /// Looked up after the gateway forgot the key: never made.
  case neverMade
  /// Looked up and not found, but perhaps in progress: only looked up again.
  case notFoundYet(String)
}

struct GatewayResult: Sendable {
  var call: GatewayCall
  var answer: AttemptAnswer
}

/// Calls the gateway for a batch, at most `inFlight` at a time over all batches of the process.
struct GatewayCaller: Sendable {
  let gateway: PaymentGateway
  let clock: LedgerClock
  let policy: ChargePolicy
  let crashPoint: CrashPoint.Observer
  let metrics: ServiceMetrics?
  let door: PartnerDoor
  private let semaphore: AsyncSemaphore

  init(gateway: PaymentGateway, session: LedgerSession, policy: ChargePolicy, door: PartnerDoor) {
    self.door = door
    self.gateway = gateway
    self.clock = session.clock
    self.crashPoint = session.crashPoint
    self.metrics = session.metrics
    self.policy = policy
    self.semaphore = AsyncSemaphore(places: policy.inFlight)
  }

  /// `keepsKeys`: a repetition under the same key is harmless at this gateway.
  func answers(to calls: [GatewayCall], keepsKeys: Bool) async -> [GatewayResult] {
    let answers = await manyAtATime(calls) { await self.admitted($0, keepsKeys) }
    return zip(calls, answers).map { call, answer in
      GatewayResult(call: call, answer: answer ?? .gateway(.unknown("no answer")))
    }
  }

  /// What the gateway has charged for each invoice, by its metadata.
  func payments(of invoices: [String]) async -> [GatewayPayments] {
    await manyAtATime(invoices) { await gateway.payments($0) }
      .map { $0 ?? .unanswered(.unknown("no answer")) }
  }

  private func manyAtATime<Item: Sendable, Answer: Sendable>(
    _ items: [Item], _ call: @escaping @Sendable (Item) async -> Answer
  ) async -> [Answer?] {
    await withTaskGroup(of: (Int, Answer).self) { group in
      for (index, item) in items.enumerated() {
        group.addTask {
          await semaphore.enter()
          let answer = await call(item)
          await semaphore.leave()
          return (index, answer)
        }
      }
      var answers = [Answer?](repeating: nil, count: items.count)
      for await (index, answer) in group { answers[index] = answer }
      return answers
    }
  }

  /// The door sees every answer, and holds calls back while charging pauses.
  private func admitted(_ call: GatewayCall, _ keepsKeys: Bool) async -> AttemptAnswer {
    guard door.admits(call.attempt.key) else { return .notCalled }
    metrics?.gatewayInFlight.increment()
    let answer = await self.answer(to: call, keepsKeys)
    metrics?.gatewayInFlight.decrement()
    door.heard(PartnerPause.Heard(answer), about: call.attempt.key)
    return answer
  }

  /// A first call is made at once. A repeated one looks first: if the payment is found, that is the
  /// answer. If not, it is sent again under the same key, provided the gateway keeps keys and has
  /// not forgotten this one. If the gateway keeps none, the attempt counts as never made once it
  /// can no longer be in progress: then a new attempt is made, whose number only one process gets.
  private func answer(to call: GatewayCall, _ keepsKeys: Bool) async -> AttemptAnswer {
    // A process that was stopped in between is late: another may have taken over the message.
    let age = call.attempt.age(at: clock.now())
    if call.isFresh && age < policy.freshSeconds { return await send(call) }
    switch await lookUp(call.request, ifMissing: .neverMade) {
    case .neverMade where call.attempt.isTakenOver:
      return .notFoundYet("the gateway lists this attempt, but its search does not find it")
    case .neverMade:
      if keepsKeys || age >= policy.keyWindowSeconds { return await send(call) }
      if age >= policy.quietSeconds { return .neverMade }
      return .notFoundYet("it was not found but may be in progress: it is looked up again")
    case let found: return found
    }
  }

  /// While the gateway knows the key, a repeated request gets the same answer. After that, the
  /// payment is looked up and never sent again blindly.
  private func send(_ call: GatewayCall) async -> AttemptAnswer {
    let request = call.request
    let age = call.attempt.age(at: clock.now())
    if age >= policy.keyWindowSeconds {
      // A call that left just before the window's end may still be in progress: only after another
      // hour does a payment that cannot be found count as never made.
      return await lookUp(
        request,
        ifMissing: age >= policy.forgottenSeconds
          ? .neverMade : .gateway(.unknown("its idempotency key is about to expire")))
    }
    guard let request, !request.paymentMethod.isEmpty else {
      return await lookUp(request, ifMissing: .gateway(.unknown("the account now has no card")))
    }
    crashPoint(.beforeCall)
    let start = metrics.map { _ in ContinuousClock.now }
    let answer = await gateway.charge(request)
    crashPoint(.answered)
    if let start { metrics?.charges.record(since: start) }
    switch answer {
    case .unknown:
      // A stored server error is replayed forever; the payment itself says more.
      return await lookUp(request, ifMissing: .gateway(answer))
    case .rejected(let why) where !call.isFresh:
      // The card has changed since: the key is known with another one, so the first call arrived.
      return await lookUp(request, ifMissing: .gateway(.unknown(why)))
    default: return .gateway(answer)
    }
  }

  private func lookUp(_ request: ChargeRequest?, ifMissing missing: AttemptAnswer) async
    -> AttemptAnswer
  {
    guard let request else { return missing }
    let start = metrics.map { _ in ContinuousClock.now }
    let found = await gateway.find(request)
    if let start { metrics?.lookups.record(since: start) }
    switch found {
    case .found(let answer): return .gateway(answer)
    case .notFound: return missing
    case .unknown(let why): return .gateway(.unknown(why))
    case .unauthorized(let why): return .gateway(.unauthorized(why))
    case .untrusted(let why): return .gateway(.untrusted(why))
    case .unreachable(let why): return .gateway(.unreachable(why))
    }
  }
}

extension Attempt {
  /// Recorded after the gateway had it: only looked up, never sent.
  fileprivate var isTakenOver: Bool { rule == ChargeTakeOver.rule }

  fileprivate func age(at now: Instant) -> Int64 {
    (now.milliseconds - createdAt.milliseconds) / 1000
  }
}

extension GatewayCall {
  fileprivate var request: ChargeRequest? {
    guard let period = facts.invoice?.period else { return nil }
    return ChargeRequest(
      invoice: attempt.invoice, account: attempt.account, period: period,
      attempt: attempt.number, key: attempt.key, amountMinor: attempt.amountMinor,
      currency: attempt.currency, paymentMethod: facts.account.paymentMethod ?? "",
      createdAt: attempt.createdAt,
      traceparent: job.event.trace.next(attempt.key).traceparent)
  }
}

/// Admits this many at a time, in order of arrival.
actor AsyncSemaphore {
  private var free: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []
  private var first = 0

  init(places: Int) { free = max(places, 1) }

  func enter() async {
    if free > 0 {
      free -= 1
      return
    }
    await withCheckedContinuation { waiting.append($0) }
  }

  func leave() {
    guard first < waiting.count else {
      free += 1
      return
    }
    waiting[first].resume()
    first += 1
    if first > 1024 {
      waiting.removeFirst(first)
      first = 0
    }
  }
}

/// What an answer shows about the gateway.
extension PartnerPause.Heard {
  init(_ answer: AttemptAnswer) {
    switch answer {
    case .neverMade, .notCalled, .notFoundYet: self = .word
    case .gateway(.succeeded), .gateway(.declined), .gateway(.rejected), .gateway(.implausible),
      .gateway(.inProgress):
      self = .word
    case .gateway(.unknown(let why)): self = .nothingCertain(why)
    case .gateway(.throttled(nil)): self = .nothingCertain("it asks us to slow down")
    case .gateway(.throttled(let seconds?)): self = .later(.gatewayBusy, seconds: seconds)
    case .gateway(.unauthorized(let why)):
      self = .away(.gatewayUnauthorized, "the gateway rejects our key: \(why)")
    case .gateway(.untrusted(let why)): self = .away(.gatewayUnauthorized, why)
    case .gateway(.unreachable(let why)): self = .away(.gatewayUnreachable, why)
    }
  }

  /// Inconclusive answers for five different attempts in a row are the gateway's fault.
  static func nothingCertain(_ why: String) -> Self {
    .doubt(
      .init(
        reason: .gatewayUnknown, why: why, limit: 5,
        ofMany: "answers in a row were inconclusive"))
  }
}

extension PartnerDoor {
  /// What the gateway holds could not be listed.
  func unlisted(_ fault: Fault) {
    let reasons: [FaultReason] = [.gatewayUnreachable, .gatewayUnauthorized, .gatewayUnlisted]
    if reasons.contains(fault.reason) { away(fault) }
  }
}
