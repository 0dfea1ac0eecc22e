import Billing
import Ledger
import Payments

/// A payment gateway with Stripe's semantics: the first answer to an idempotency key is stored and
/// given again, a 500 included, for 24 hours; the same key after that charges again. Its own log is
/// what "charged once" is judged by.
///
/// Unchecked, because it belongs to its simulation's one thread.
final class SimulatedGateway: @unchecked Sendable {
  struct Charge {
    var id: String
    var request: ChargeRequest
    var at: Int64
    /// The caller was given another answer: a person has to look.
    var wasDenied = false
    var hasFailed = false
    /// Nobody's attempt.
    var isByHand = false
  }

  struct Stored {
    var answer: GatewayAnswer
    var at: Int64
  }

  private static let keyLifetime: Int64 = 24 * 3600 * 1000
  private static let callTimeout: Int64 = 30_000
  private static let indexLag: Int64 = 60_000

  unowned let simulation: Simulation
  /// Those that took money, and all in the order they were made.
  private(set) var charges: [Charge] = []
  private(set) var all: [Charge] = []
  /// Takes every request for a new one: a quarter of the seeds.
  let ignoresKeys: Bool
  private(set) var calls = 0
  private var stored: [String: Stored] = [:]
  private var inWork: Set<String> = []
  private var declines: [String: Int] = [:]
  /// What became of each attempt, as a lookup finds it.
  private var payments: [Payment: (answer: GatewayAnswer, at: Int64)] = [:]

  private struct Payment: Hashable {
    var invoice: String
    var attempt: Int

    init(_ request: ChargeRequest) {
      invoice = request.invoice
      attempt = request.attempt
    }
  }

  init(simulation: Simulation) {
    self.simulation = simulation
    ignoresKeys = simulation.chance(250_000)
  }

  private var now: Int64 { simulation.timeline.now }
  private var faults: Faults { simulation.faults }

  func client(of process: SimulatedProcess) -> PaymentGateway {
    PaymentGateway(
      charge: { request in await self.charge(request, by: process) },
      find: { request in await self.find(request, by: process) },
      list: { _, after in try await self.list(after: after, by: process) },
      payments: { invoice in await self.payments(of: invoice, by: process) },
      address: "simulated", keepsKeys: { [self] in !ignoresKeys || isBlind })
  }

  // MARK: A charge

  private func charge(
    _ request: ChargeRequest, by process: SimulatedProcess
  ) async -> GatewayAnswer {
    do { try await process.step() } catch { return .unknown("the process is gone") }
    calls += 1
    var request = request
    if simulation.options.removed == .keyReuse { request.key += "/\(calls)" }
    simulation.checkCall(request, by: process)
    process.reached(.requestSent)
    let answer = await exchange(request)
    do { try await process.step() } catch { return .unknown("the process is gone") }
    process.note("asks for \(request.key), hears \(answer.word)")
    return answer
  }

  /// The request on its way, and the answer on its way back.
  private func exchange(_ request: ChargeRequest) async -> GatewayAnswer {
    await sleep(20...400)
    if faults.strikes(.requestLost) { return await silence("connection reset") }
    if faults.strikes(.executedLate) {
      let late = Self.callTimeout + Int64(simulation.draw(1...60_000))
      simulation.executor.start {
        await self.simulation.timeline.sleep(milliseconds: late)
        _ = self.answer(to: request, stored: nil)
      }
      return await silence("no answer within 30 s", after: Self.callTimeout)
    }
    if now < simulation.gatewayRefusesUntil { return .unauthorized("401") }
    if faults.strikes(.throttled) { return .throttled(retryAfterSeconds: 1) }
    let isBusy = !ignoresKeys && inWork.contains(request.key)
    if isBusy || faults.strikes(.gatewayBusy) { return .inProgress }
    inWork.insert(request.key)
    if faults.strikes(.gatewaySlow) { await sleep(1000...90_000) }
    inWork.remove(request.key)
    return await executed(request)
  }

  private func executed(_ request: ChargeRequest) async -> GatewayAnswer {
    if faults.strikes(.lieLost) { return lie(to: request, id: "pi_none") }
    if isKnown(request.key) { return answer(to: request, stored: nil) }
    let chargeable = GatewayCurrencies.stripe
      .chargeability(of: request.amountMinor, request.currency)
    if chargeable != .whole { return .rejected("400, amount \(request.amountMinor)") }
    if faults.strikes(.serverErrorLost) {
      stored[request.key] = Stored(answer: .unknown("status 500"), at: now)
      return .unknown("status 500")
    }
    if faults.strikes(.serverErrorCharged) {
      return answer(to: request, stored: .unknown("status 500"))
    }
    let made = answer(to: request, stored: nil)
    if faults.strikes(.lieCharged) { return lie(to: request, id: made.gatewayID ?? "pi_none") }
    if case .succeeded = made, faults.strikes(.implausible) {
      charges[charges.count - 1].wasDenied = true
      return .implausible("amount 1 instead of \(request.amountMinor)")
    }
    if faults.strikes(.chargedUnheard) { return await silence("connection reset") }
    return made
  }

  /// What stands between us and the gateway answers in its place. Read by the program's own table;
  /// without that guard, as a client would that only looks at the status.
  private func lie(to request: ChargeRequest, id: String) -> GatewayAnswer {
    let lie = simulation.pick(Lie.allCases)
    simulation.note("gateway", "is not heard: \(lie.rawValue) answers \(request.key)")
    guard simulation.options.removed == .finalWord else {
      return lie.reply(to: request, id: id).answer(to: request)
    }
    return lie.status < 400
      ? .succeeded(gatewayID: id)
      : .declined(gatewayID: nil, code: "unrecognized")
  }

  private func isKnown(_ key: String) -> Bool {
    !ignoresKeys && stored[key].map { now - $0.at < Self.keyLifetime } ?? false
  }

  /// What is stored for the key, or the charge itself; `stored`: kept instead of its own answer.
  private func answer(to request: ChargeRequest, stored other: GatewayAnswer?) -> GatewayAnswer {
    if isKnown(request.key), let known = stored[request.key] { return known.answer }
    let made = execute(request)
    payments[Payment(request)] = (made, now)
    stored[request.key] = Stored(answer: other ?? made, at: now)
    return other ?? made
  }

  private func execute(_ request: ChargeRequest) -> GatewayAnswer {
    switch Card(request.paymentMethod) {
    case .hard:
      fails(request)
      return .declined(gatewayID: nil, code: "lost_card")
    case .soft(let times) where declines[request.invoice, default: 0] < times:
      declines[request.invoice, default: 0] += 1
      fails(request)
      return .declined(gatewayID: nil, code: "insufficient_funds")
    case .good, .soft:
      let id = "pi_\(charges.count + 1)"
      let charge = Charge(id: id, request: request, at: now)
      charges.append(charge)
      all.append(charge)
      simulation.note("gateway", "charges \(request.invoice) \(request.amountMinor) as \(id)")
      simulation.checkCharge(request)
      return .succeeded(gatewayID: id)
    }
  }

  private func fails(_ request: ChargeRequest) {
    all.append(
      Charge(id: "pi_f\(all.count + 1)", request: request, at: now, hasFailed: true))
  }

  /// In its dashboard: the invoice in the metadata, and no attempt.
  func payByHand(_ attempt: Attempt) {
    let request = ChargeRequest(
      invoice: attempt.invoice, account: attempt.account, period: Simulation.period, attempt: 0,
      key: "by hand", amountMinor: attempt.amountMinor, currency: attempt.currency,
      paymentMethod: "pm_good", createdAt: simulation.time)
    let charge = Charge(id: "pi_\(charges.count + 1)", request: request, at: now, isByHand: true)
    charges.append(charge)
    all.append(charge)
  }

  /// Without its guards the charger sees nothing of what it has done.
  private var isBlind: Bool { simulation.options.removed == .lookFirst }

  // MARK: A lookup

  private func find(_ request: ChargeRequest, by process: SimulatedProcess) async -> GatewayLookup {
    do { try await process.step() } catch { return .unknown("the process is gone") }
    await sleep(20...400)
    do { try await process.step() } catch { return .unknown("the process is gone") }
    if now < simulation.gatewayRefusesUntil { return .unauthorized("401") }
    if faults.strikes(.lookupFailed) { return .unknown("connection reset") }
    guard !isBlind, let mine = payments[Payment(request)] else { return .notFound }
    if now - mine.at < Self.indexLag, faults.strikes(.lookupBehind) { return .notFound }
    process.note("looks up \(request.key), finds \(mine.answer.word)")
    return .found(mine.answer)
  }

  private func payments(
    of invoice: String, by process: SimulatedProcess
  ) async -> GatewayPayments {
    do { try await process.step() } catch { return .unanswered(.unknown("the process is gone")) }
    await sleep(20...400)
    do { try await process.step() } catch { return .unanswered(.unknown("the process is gone")) }
    if now < simulation.gatewayRefusesUntil { return .unanswered(.unauthorized("401")) }
    if faults.strikes(.lookupFailed) { return .unanswered(.unknown("connection reset")) }
    if isBlind { return .made([]) }
    return .made(charges.filter { $0.request.invoice == invoice }.map(\.listed))
  }

  // MARK: The list

  /// Newest first, seven on a page.
  private func list(after: String?, by process: SimulatedProcess) async throws
    -> GatewayChargePage
  {
    do { try await process.step() } catch { throw GatewayListFault.unreachable("gone") }
    await sleep(20...400)
    do { try await process.step() } catch { throw GatewayListFault.unreachable("gone") }
    if now < simulation.gatewayRefusesUntil { throw GatewayListFault.unauthorized(status: 401) }
    if faults.strikes(.listFailed) { throw GatewayListFault.unreachable("connection reset") }
    if simulation.options.removed == .gatewayWalk {
      return GatewayChargePage(charges: [], hasMore: false)
    }
    return page(after: after)
  }

  func page(after: String?) -> GatewayChargePage {
    let all = list.charges
    let start = after.flatMap { id in all.firstIndex { $0.id == id } }.map { $0 + 1 } ?? 0
    return GatewayChargePage(
      charges: Array(all[start...].prefix(7)), hasMore: all.count > start + 7)
  }

  private func silence(_ why: String, after milliseconds: Int64 = 1000) async -> GatewayAnswer {
    await simulation.timeline.sleep(milliseconds: milliseconds)
    return .unknown(why)
  }

  private func sleep(_ range: ClosedRange<Int>) async {
    await simulation.timeline.sleep(milliseconds: Int64(simulation.draw(range)))
  }
}

/// What a simulated card does.
enum Card {
  case good, hard
  /// Declined this many times, then charged.
  case soft(times: Int)

  init(_ paymentMethod: String) {
    if paymentMethod == "pm_hard" {
      self = .hard
    } else if paymentMethod.hasPrefix("pm_soft_") {
      self = .soft(times: Int(paymentMethod.dropFirst("pm_soft_".count)) ?? 1)
    } else {
      self = .good
    }
  }
}

extension GatewayAnswer {
  var word: String {
    switch self {
    case .succeeded(let id): "succeeded \(id)"
    case .declined(_, let code): "declined \(code)"
    case .inProgress: "409"
    case .throttled: "429"
    case .unknown(let why): "nothing certain (\(why))"
    case .unauthorized: "401"
    case .untrusted: "no TLS"
    case .unreachable: "no connection"
    case .rejected(let why): "rejected (\(why))"
    case .implausible(let why): "implausible (\(why))"
    }
  }
}
