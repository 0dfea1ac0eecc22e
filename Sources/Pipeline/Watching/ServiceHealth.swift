import Broker
import Ledger
import Synchronization

/// What a service knows of itself: what it lacks, and whether what should turn still turns.
package final class ServiceHealth: Sendable {
  /// What a service cannot work without, as `/readyz` names it.
  package enum Part: String, Sendable, CaseIterable {
    case store, broker, topology
    /// The gateway refuses our key.
    case gatewayKey = "gateway key"
  }

  enum Phase: Sendable { case starting, consuming, stopping }

  /// Work that ends or reports within its limit, unless the program hangs.
  struct Turning: Sendable {
    var what: String
    var limit: Duration
    var heard: ContinuousClock.Instant
  }

  private struct State {
    var phase = Phase.starting
    var missing: [Part: String] = [:]
    /// How often the store was back after it had been away from a service at work.
    var storeReturns = 0
    var turning: [Int: Turning] = [:]
    var next = 0
    var broker: (any Broker)?
    var queue = ""
  }

  private let state = Mutex(State())
  private let now: @Sendable () -> ContinuousClock.Instant

  package init(now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
    self.now = now
  }

  // MARK: What is missing

  func lacks(_ part: Part, _ why: String) { state.withLock { $0.missing[part] = why } }

  func has(_ part: Part) {
    state.withLock {
      guard $0.missing.removeValue(forKey: part) != nil else { return }
      if part == .store, $0.phase != .starting { $0.storeReturns += 1 }
    }
  }

  /// From now on the broker's own word counts for it.
  func consumes(_ queue: String, from broker: any Broker) {
    state.withLock {
      $0.broker = broker
      $0.queue = queue
      if $0.phase == .starting { $0.phase = .consuming }
    }
  }

  func stops() { state.withLock { $0.phase = .stopping } }

  // MARK: What turns

  /// A ticket for `heard` and `ended`.
  func begins(_ what: String, limit: Duration) -> Int {
    state.withLock {
      $0.next += 1
      $0.turning[$0.next] = Turning(what: what, limit: limit, heard: now())
      return $0.next
    }
  }

  func heard(_ ticket: Int) { state.withLock { $0.turning[ticket]?.heard = now() } }
  func ended(_ ticket: Int) { _ = state.withLock { $0.turning.removeValue(forKey: ticket) } }

  // MARK: Looking

  /// What was not heard of within its limit, a sentence each; empty: the process is alive.
  func hanging() -> [String] {
    let now = now()
    return state.withLock { Array($0.turning.values) }
      .filter { now - $0.heard > $0.limit }
      .sorted { $0.heard < $1.heard }
      .map { "\($0.what): nothing heard for \(Int((now - $0.heard).components.seconds)) s" }
  }

  func report() async -> ReadinessReport {
    let state = state.withLock { $0 }
    var missing = state.missing.mapValues { $0 }
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
  /// What is wrong with it, in words.
  fileprivate var trouble: String? {
    switch self {
    case .connected: nil
    case .idle: "not connected"
    case .lost(let why): "not connected: \(why)"
    case .blocked(let why): "it takes nothing for now: \(why)"
    }
  }
}
