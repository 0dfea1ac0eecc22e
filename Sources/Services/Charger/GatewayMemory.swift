import Billing
import Ledger
import Payments

/// The terms on which a batch may be charged.
struct ChargeTerms: Sendable {
  /// Why nothing may be charged now.
  var held: Fault?
  /// The gateway cannot be listed: each invoice is looked up before its first charge.
  var looksAlways = false
  /// A repetition under the same key is harmless at this gateway.
  var keepsKeys = false
}

/// Whether the ledger still knows what was charged. "Not in the ledger" means "never made" only if
/// the ledger has lost nothing, and a restored backup has.
///
/// So before anything is charged after the start, after the store was down, before the first charge
/// of a period and every hour, the gateway's charges are walked from the newest back to one that
/// the ledger remembers: a single page if all is well.
actor GatewayMemory {
  /// A walk counts for this long; shorter than any gateway keeps its idempotency keys.
  static let validSeconds: Int64 = 3600
  /// A walk that found something missing is repeated after this.
  static let pauseSeconds: Int64 = 5

  private let gateway: PaymentGateway
  private let store: LedgerStore
  private let clock: LedgerClock
  private let health: ServiceHealth
  private let semaphore = AsyncSemaphore(places: 1)

  private struct Walked {
    var at: Instant
    var periods: Set<Period>
    var storeReturns: Int
    var terms: ChargeTerms
  }
  private var last: Walked?
  /// The last charge this process has posted: a ledger without it is a different one.
  private var lastCharge: ChargeName?
  private var provedAt: Instant?
  private var areKeysNoted = false

  init(
    gateway: PaymentGateway, store: LedgerStore, clock: LedgerClock, health: ServiceHealth
  ) {
    self.gateway = gateway
    self.store = store
    self.clock = clock
    self.health = health
  }

  /// The store was down, or is a different one: nothing is proved any longer.
  func doubt() {
    last = nil
    lastCharge = nil
  }

  func charged(_ name: ChargeName) { lastCharge = name }

  func terms(charging periods: Set<Period>) async throws -> ChargeTerms {
    try await prove()
    if let known = known(periods) { return known.terms }
    await semaphore.enter()
    do {
      let terms = try await walked(periods)
      await semaphore.leave()
      return terms
    } catch {
      await semaphore.leave()
      throw error
    }
  }

  // MARK: Is it the same ledger?

  /// Asked once a second at most.
  private func prove() async throws {
    guard let name = lastCharge else { return }
    let now = clock.now()
    if let provedAt, 0..<1000 ~= now.milliseconds - provedAt.milliseconds { return }
    provedAt = now
    let remembered = try await store.remembered([name])
    if remembered.first?.countedFor != name.invoice { doubt() }
  }

  /// Stored in the ledger before the first answers are, so that whoever finds attempts without an
  /// answer knows whether it may repeat them: it may have made no charge of its own.
  func noteKeys() async throws {
    guard !areKeysNoted, gateway.keepsKeys() else { return }
    if try await !store.keepsKeys(gateway.address) {
      let note = Change(
        service: .charger, messageID: "gateway", writes: [.keysKept(gateway: gateway.address)],
        at: clock.now())
      _ = try await store.commit([note], published: [])
    }
    areKeysNoted = true
  }

  // MARK: The walk

  private func walked(_ periods: Set<Period>) async throws -> ChargeTerms {
    if let known = known(periods) { return known.terms }
    let returns = health.storeReturns
    let all = periods.union(last?.terms.held == nil ? last?.periods ?? [] : [])
    let now = clock.now()
    var terms = try await walk(all, now)
    terms.keepsKeys = gateway.keepsKeys()
    if !terms.keepsKeys { terms.keepsKeys = try await store.keepsKeys(gateway.address) }
    last = Walked(at: now, periods: all, storeReturns: returns, terms: terms)
    show(terms.held)
    return terms
  }

  /// Only a walk sets this, and only a walk clears it: other messages may be done meanwhile.
  private func show(_ held: Fault?) {
    if let held {
      if held.reason.part == .chargeHistory { health.lacks(.chargeHistory, held.explanation) }
    } else {
      health.has(.chargeHistory)
    }
  }

  /// The last walk, as long as it counts.
  private func known(_ periods: Set<Period>) -> Walked? {
    guard var known = last, known.storeReturns == health.storeReturns,
      periods.isSubset(of: known.periods)
    else { return nil }
    let age = (clock.now().milliseconds - known.at.milliseconds) / 1000
    let valid = known.terms.held == nil ? Self.validSeconds : Self.pauseSeconds
    if gateway.keepsKeys() { known.terms.keepsKeys = true }
    return 0..<valid ~= age ? known : nil
  }

  private func walk(_ periods: Set<Period>, _ now: Instant) async throws -> ChargeTerms {
    // Never from the ledger, because it is the ledger that is being checked.
    let since = min(periods.min()?.firstPossibleCharge ?? now.adding(days: -62), now)
    var walk = GatewayWalk()
    var after: String?
    while true {
      let page: GatewayChargePage
      do {
        page = try await gateway.list(since, after)
      } catch let fault as GatewayListFault {
        return ChargeTerms(held: fault.pause, looksAlways: fault == .unlisted)
      }
      let remembered = try await store.remembered(page.charges.map(\.name))
      let isOver = walk.take(page.charges, remembered)
      guard !isOver, page.hasMore, let last = page.charges.last else { break }
      after = last.id
    }
    try await record(walk.strays)
    return ChargeTerms(held: walk.fault)
  }

  /// Money for an existing invoice: credited before anything more is charged for it.
  private func record(_ strays: [GatewayCharge]) async throws {
    let now = clock.now()
    let changes = strays.compactMap { charge in
      GatewayChargeRecord(
        charge, .takenOver, by: ServiceName.charger.rawValue,
        reason: "the gateway holds it, but no attempt in the ledger made it"
      )?.change(by: .charger, nil, schedules: true, at: now)
    }
    if !changes.isEmpty { _ = try await store.commit(changes, published: []) }
  }
}

extension GatewayListFault {
  /// Nothing is charged from a ledger that could not be compared with the gateway.
  fileprivate var pause: Fault? {
    switch self {
    case .unlisted: nil
    case .unauthorized: Fault(.gatewayUnauthorized, "\(self)")
    case .unreachable: Fault(.gatewayUnreachable, "\(self); \(Self.consequence)")
    case .unreadable: Fault(.gatewayUnlisted, "\(self); \(Self.consequence)")
    }
  }

  private static let consequence =
    "the gateway's charges must be compared with the ledger first"
}
