import Billing
import Ledger

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
  case gateway(GatewayAnswer)
  /// Looked up after the gateway forgot the key: never made.
  case neverMade
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
  let reached: Boundary.Observer
  let metrics: ServiceMetrics?
  private let turnstile: Turnstile

  init(gateway: PaymentGateway, desk: Desk, policy: ChargePolicy) {
    self.gateway = gateway
    self.clock = desk.clock
    self.reached = desk.reached
    self.metrics = desk.metrics
    self.policy = policy
    self.turnstile = Turnstile(places: policy.inFlight)
  }

  func answers(to calls: [GatewayCall]) async -> [GatewayResult] {
    await withTaskGroup(of: (Int, AttemptAnswer).self) { group in
      for (index, call) in calls.enumerated() {
        group.addTask {
          await turnstile.enter()
          metrics?.gatewayInFlight.increment()
          let answer = await self.answer(to: call)
          metrics?.gatewayInFlight.decrement()
          await turnstile.leave()
          return (index, answer)
        }
      }
      var answers = [AttemptAnswer?](repeating: nil, count: calls.count)
      for await (index, answer) in group { answers[index] = answer }
      return zip(calls, answers).map { call, answer in
        GatewayResult(call: call, answer: answer ?? .gateway(.unknown("no answer")))
      }
    }
  }

  /// While the gateway knows the key, asking again with it is always safe: it answers what it
  /// answered before. Past that the payment is looked up, never sent again blindly.
  private func answer(to call: GatewayCall) async -> AttemptAnswer {
    let request = call.request
    let age = (clock.now().milliseconds - call.attempt.createdAt.milliseconds) / 1000
    if age >= policy.keyWindowSeconds {
      // A call that left just before the window's end may still be under way: only after another
      // hour is a payment that cannot be found one that was never made.
      return await lookUp(
        request,
        ifMissing: age >= policy.forgottenSeconds
          ? .neverMade : .gateway(.unknown("its key is about to be forgotten")))
    }
    guard let request, !request.paymentMethod.isEmpty else {
      return await lookUp(request, ifMissing: .gateway(.unknown("the account has no card now")))
    }
    reached(.beforeCall)
    let start = metrics.map { _ in ContinuousClock.now }
    let answer = await gateway.charge(request)
    reached(.answered)
    if let start { metrics?.charges.record(since: start) }
    switch answer {
    case .unknown:
      // A stored server error is replayed for ever; the payment itself tells more.
      return await lookUp(request, ifMissing: .gateway(answer))
    case .rejected(let why) where !call.isFresh:
      // The card changed since: the key is known with another one, so the first call arrived.
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
    }
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

/// Lets so many in at a time, in order of arrival.
actor Turnstile {
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
