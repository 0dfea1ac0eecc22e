import Billing
import Broker
import Ledger
import Logging
import Synchronization

/// An external system that a service calls, with the words used to report a pause.
struct Partner: Sendable {
  /// `charging pauses`
  var pausing: String
  /// `the gateway answers again`
  var isBack: String
  /// The reason of a message that is waiting for the partner.
  var reasons: [FaultReason]
  /// What `/readyz` may name.
  var parts: [ServiceHealth.Part]
  var part: @Sendable (FaultReason) -> ServiceHealth.Part

  static let gateway = Partner(
    pausing: "charging pauses", isBack: "the gateway answers again",
    reasons: [.gatewayBusy, .gatewayUnknown], parts: [.gateway, .gatewayKey],
    part: { $0 == .gatewayUnauthorized ? .gatewayKey : .gateway })

  static let mailServer = Partner(
    pausing: "mailing pauses", isBack: "the mail server accepts mails again",
    reasons: [.mailLater, .mailDenied, .mailUnreachable], parts: [.mailServer],
    part: { _ in .mailServer })
}

/// The gate to the gateway or the mail server, shared by all batches of a process: lets calls
/// through, or says why not now. Reports each pause once, in the log and in health.
final class PartnerDoor: Sendable {
  private struct State {
    var pause = PartnerPause()
    /// Messages put off since the pause began, by the hash of their ids.
    var waiting: Set<Int> = []
    /// The last outage reported; successive pauses for the same reason are one outage.
    var reported: (reason: FaultReason, begunAt: Instant, reportedAt: Instant)?

    /// Its first line, and one every ten minutes while it lasts.
    mutating func isWorthALine(_ stop: PartnerPause.Stop, at now: Instant) -> Bool {
      let again = Outage.reminder.components.seconds
      if let reported, reported.reason == stop.reason,
        now < reported.reportedAt.adding(seconds: again)
      {
        return false
      }
      let isSame = reported?.reason == stop.reason
      reported = (stop.reason, isSame ? reported?.begunAt ?? stop.begunAt : stop.begunAt, now)
      return true
    }
    /// Probes of this pause that did not end it, and those of them that have stood back since.
    var failed: Set<String> = []
    var stoodBack: Set<String> = []
  }

  private let state = Mutex(State())
  private let partner: Partner
  private let clock: LedgerClock
  private let logger: Logger
  private let health: ServiceHealth
  private let metrics: ServiceMetrics?

  init(to partner: Partner, _ session: LedgerSession, _ logger: Logger, _ health: ServiceHealth) {
    self.partner = partner
    self.clock = session.clock
    self.logger = logger
    self.health = health
    self.metrics = session.metrics
  }

  // MARK: Calls

  /// For the calls that one round of decisions prepares.
  var round: Round { Round(door: self) }

  /// During a pause no intent is committed, because nothing would be sent. Once it is over one is,
  /// for the probe.
  struct Round {
    let door: PartnerDoor
    private var prepared = 0

    init(door: PartnerDoor) { self.door = door }

    /// `nil`: the call may be prepared. A call about `key` that was an unsuccessful probe stands
    /// back once, so that the next probe is about something else: it may be the only one that is
    /// refused.
    mutating func wait(about key: String? = nil) -> Outcome? {
      let now = door.clock.now()
      let (stop, mayCall, standsBack) = door.state.withLock { state in
        let mayCall = state.pause.mayCall(at: now)
        var standsBack = false
        if let key, mayCall, state.failed.contains(key) {
          standsBack = state.stoodBack.insert(key).inserted
        }
        return (state.pause.stop, mayCall, standsBack)
      }
      guard stop != nil else { return nil }
      if standsBack { return door.putOff() }
      prepared += mayCall ? 1 : 0
      return mayCall && prepared == 1 ? nil : door.putOff()
    }
  }

  var isClosed: Bool {
    let now = clock.now()
    return state.withLock { !$0.pause.mayCall(at: now) }
  }

  var isPaused: Bool { state.withLock { $0.pause.stop != nil } }

  func admits(_ key: String) -> Bool {
    let now = clock.now()
    return state.withLock { $0.pause.admits(key, at: now) }
  }

  func heard(_ heard: PartnerPause.Heard, about key: String) {
    let now = clock.now()
    take { $0.heard(heard, about: key, at: now) }
  }

  /// It was found to be down by other means than a call about something.
  func away(_ fault: Fault) {
    let now = clock.now()
    take { pause in
      guard pause.admits("", at: now) else { return }
      pause.heard(.away(fault.reason, fault.explanation), about: "", at: now)
    }
  }

  private func take(_ event: (inout PartnerPause) -> Void) {
    let (before, after) = state.withLock { state in
      let before = state.pause.phase
      event(&state.pause)
      if case .probing(_, let key) = before, state.pause.phase != before {
        state.failed.insert(key)
        state.stoodBack = []
      }
      if state.pause.stop == nil { (state.failed, state.stoodBack) = ([], []) }
      return (before.stop, state.pause.stop)
    }
    if after != before { show(before, after) }
  }

  // MARK: Messages that wait

  /// When to come back, and why.
  func putOff() -> Outcome {
    guard let stop = state.withLock({ $0.pause.stop }) else {
      // A probe succeeded meanwhile.
      return .putOff(Fault(partner.reasons[0], partner.isBack), after: .zero)
    }
    return .putOff(
      Fault(stop.reason, "\(partner.pausing): \(stop.why)"), after: stop.remaining(at: clock.now()))
  }

  /// A message with an inconclusive answer waits with the others, and keeps its retries.
  func waiting(_ outcome: Outcome) -> Outcome {
    guard case .later(let fault) = outcome, partner.reasons.contains(fault.reason),
      state.withLock({ $0.pause.stop != nil })
    else { return outcome }
    return putOff()
  }

  /// One line per outage, when its first batch is done.
  func say(waiting ids: [String]) {
    if ids.isEmpty { return }
    let now = clock.now()
    let due = state.withLock { state -> (stop: PartnerPause.Stop, waiting: Int)? in
      if state.waiting.count < Self.mostCounted { state.waiting.formUnion(ids.map(\.hashValue)) }
      guard let stop = state.pause.stop, state.isWorthALine(stop, at: now) else { return nil }
      return (stop, state.waiting.count)
    }
    guard let due else { return }
    logger.warning(
      "\(partner.pausing): \(due.stop.why)",
      metadata: [
        "reason": "\(due.stop.reason.rawValue)",
        "waiting": .number(max(due.waiting, health.messagesInHand)),
        "next_try": "\(due.stop.until.rfc3339)",
        "next_try_seconds": .seconds(due.stop.remaining(at: now)),
      ])
  }

  /// Nothing has asked for a while: then no message is waiting for the partner any longer.
  func forgetOldPause() {
    let now = clock.now()
    let isForgotten = state.withLock { state in
      guard case .paused(let stop) = state.pause.phase,
        now >= stop.until.adding(seconds: Self.forgottenSeconds)
      else { return false }
      state.pause = PartnerPause()
      return true
    }
    if isForgotten { open() }
  }

  private static let mostCounted = 100_000
  static let forgottenSeconds: Int64 = 120

  // MARK: What is shown

  private func show(_ before: PartnerPause.Stop?, _ after: PartnerPause.Stop?) {
    guard let after else {
      let reported = state.withLock { $0.reported }
      open()
      if let before {
        let begunAt = min(reported?.begunAt ?? before.begunAt, before.begunAt)
        let away = Duration.milliseconds(clock.now().milliseconds - begunAt.milliseconds)
        logger.notice(
          "\(partner.isBack)",
          metadata: ["was": "\(before.why)", "away_seconds": .seconds(max(away, .zero))])
      }
      return
    }
    metrics?.pauses.add(1, after.reason.rawValue)
    let part = partner.part(after.reason)
    for other in partner.parts where other != part { health.has(other) }
    health.lacks(part, after.why)
  }

  private func open() {
    for part in partner.parts { health.has(part) }
    state.withLock {
      $0.reported = nil
      $0.waiting = []
    }
  }
}
