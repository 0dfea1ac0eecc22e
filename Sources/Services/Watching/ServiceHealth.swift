import Billing
import Broker
import JSON
import Ledger
import Logging
import Synchronization

/// A service's knowledge of itself: which parts are missing, and whether its loops still run.
package final class ServiceHealth: Sendable {
  /// A part that a service cannot work without, as `/readyz` names it.
  package enum Part: String, Sendable, CaseIterable {
    case store, broker, topology
    /// The gateway cannot be reached, or gives no conclusive answers.
    case gateway
    /// The gateway rejects our key.
    case gatewayKey = "gateway key"
    /// It cannot be reached or used, or refuses mails regardless of the recipient.
    case mailServer = "mail server"
    /// The gateway's charges are not known to agree with the ledger: nothing is charged.
    case chargeHistory = "charge history"
  }

  /// What has found a part missing: the first one's sentence is shown.
  enum Finder: Int, Comparable, Sendable {
    case work, maintenance
    /// A check of the part itself.
    case look

    static func < (one: Finder, other: Finder) -> Bool { one.rawValue < other.rawValue }
  }

  enum Phase: Sendable { case starting, consuming, stopping }

  /// Work that ends or reports within its limit, unless the program hangs.
  struct Turning: Sendable {
    var what: String
    /// Taken and not settled yet.
    var messages: Int
    var limit: Duration
    var heard: ContinuousClock.Instant
  }

  private struct State {
    var phase = Phase.starting
    var missing: [Part: [Finder: String]] = [:]
    /// How often the store came back after it was lost to a running service.
    var storeReturns = 0
    var turning: [Int: Turning] = [:]
    var next = 0
    var broker: (any Broker)?
    var queue = ""
  }

  private let state = Mutex(State())
  /// The log lines about the store; `nil` if there is no log.
  private let storeOutage: OutageLog?
  private let now: @Sendable () -> ContinuousClock.Instant

  package init(
    logger: Logger? = nil, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
  ) {
    storeOutage = logger.map {
      OutageLog(
        "waiting for the store (MONTHCLOSE_STORE_URL)", back: "the store is back", $0)
    }
    self.now = now
  }

  // MARK: What is missing

  func lacks(_ part: Part, _ why: String, foundBy finder: Finder = .work) {
    state.withLock { $0.missing[part, default: [:]][finder] = why }
  }

  /// A part is back only if the same finder had missed it: a ledger that cannot be written to, or
  /// was deleted, can still be read.
  func has(_ part: Part, foundBy finder: Finder = .work) {
    state.withLock {
      guard $0.missing[part]?.removeValue(forKey: finder) != nil else { return }
      guard $0.missing[part]?.isEmpty == true else { return }
      $0.missing[part] = nil
      if part == .store, $0.phase != .starting { $0.storeReturns += 1 }
    }
  }

  func isMissing(_ part: Part) -> Bool { state.withLock { $0.missing[part] != nil } }

  /// The same, logged once per process. `next`: until it is tried again.
  func missesStore(_ why: String, foundBy finder: Finder = .work, next: Duration) {
    lacks(.store, why, foundBy: finder)
    storeOutage?.missed(by: "\(finder)", why, waiting: messagesInHand, next: next, at: now())
  }

  func findsStore(foundBy finder: Finder = .work) {
    has(.store, foundBy: finder)
    storeOutage?.found(by: "\(finder)", at: now())
  }

  /// From now on, the broker's own state counts.
  func consumes(_ queue: String, from broker: any Broker) {
    state.withLock {
      $0.broker = broker
      $0.queue = queue
      if $0.phase == .starting { $0.phase = .consuming }
    }
  }

  /// How often the store came back after it was lost.
  var storeReturns: Int { state.withLock { $0.storeReturns } }

  func stops() { state.withLock { $0.phase = .stopping } }

  // MARK: What turns

  /// A ticket for `heard` and `ended`.
  func begins(_ what: String, messages: Int = 0, limit: Duration) -> Int {
    state.withLock {
      $0.next += 1
      $0.turning[$0.next] = Turning(what: what, messages: messages, limit: limit, heard: now())
      return $0.next
    }
  }

  func heard(_ ticket: Int) { state.withLock { $0.turning[ticket]?.heard = now() } }

  /// Messages of all batches in work.
  var messagesInHand: Int {
    state.withLock { $0.turning.values.reduce(0) { $0 + $1.messages } }
  }

  func ended(_ ticket: Int) { _ = state.withLock { $0.turning.removeValue(forKey: ticket) } }

  // MARK: Looking

  /// The tasks that did not report within their limit, one sentence each; empty if the process is
  /// alive.
  func hanging() -> [String] {
    let now = now()
    return state.withLock { Array($0.turning.values) }
      .filter { now - $0.heard > $0.limit }
      .sorted { $0.heard < $1.heard }
      .map { "\($0.what): nothing heard for \(Int((now - $0.heard).components.seconds)) s" }
  }

  /// Tasks that have begun but not ended.
  func inWork() -> [String] {
    state.withLock { $0.turning.sorted { $0.key < $1.key }.map(\.value.what) }
  }

  func report() async -> ReadinessReport {
    let state = state.withLock { $0 }
    var missing = state.missing.compactMapValues { $0.min { $0.key < $1.key }?.value }
    let health = await state.broker?.health
    if let health, state.phase != .stopping {
      let links = [health.publishing, health.consuming[state.queue] ?? .idle]
      if let why = links.lazy.compactMap(\.trouble).first { missing[.broker] = why }
    }
    return ReadinessReport(
      phase: state.phase, missing: missing, storeReturns: state.storeReturns,
      brokerReturns: health?.reconnects ?? 0)
  }
}

extension BrokerHealth.Link {
  /// The problem, in words.
  fileprivate var trouble: String? {
    switch self {
    case .connected: nil
    case .idle: "not connected"
    case .lost(let why): "not connected: \(why)"
    case .blocked(let why): "it accepts nothing for now: \(why)"
    }
  }
}

/// What `/readyz` says.
struct ReadinessReport: Sendable {
  var phase: ServiceHealth.Phase
  var missing: [ServiceHealth.Part: String]
  var storeReturns: Int
  var brokerReturns: Int

  var isReady: Bool { phase == .consuming && missing.isEmpty }

  var status: String {
    switch phase {
    case .stopping: "stopping"
    case .starting: missing.isEmpty ? "starting" : "not ready"
    case .consuming: missing.isEmpty ? "ready" : "not ready"
    }
  }

  /// One object: the missing parts in a fixed order, each with why.
  func json(service: String) -> [UInt8] {
    var writer = JSONWriter()
    writer.object {
      $0.array("missing") { writer in
        for part in ServiceHealth.Part.allCases {
          guard let why = missing[part] else { continue }
          writer.object {
            $0.text("part", part.rawValue)
            $0.text("why", why)
          }
        }
      }
      $0.text("service", service)
      $0.text("status", status)
    }
    return writer.bytes
  }
}
