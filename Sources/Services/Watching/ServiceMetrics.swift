import Billing
import Broker
import CoreMetrics
import Ledger
import Monitoring
import Synchronization

/// The instruments of a service, over the factory it is given. Without monitoring there are none,
/// and nothing is measured, not even the time.
package final class ServiceMetrics: Sendable {
  let outcomes: CounterFamily
  let pauses: CounterFamily
  let published: CounterFamily
  let decisions: CounterFamily
  let attempts: CounterFamily
  let mails: CounterFamily
  let holds: CounterFamily
  let consumed: Counter
  let publishedAgain: Counter
  let faults: Counter
  let invoices: Counter
  let dueWork: Counter
  let inFlight: Meter
  let gatewayInFlight: Meter
  let batchSize: Recorder
  let handling: Timer
  let queueAge: Recorder
  let publishing: Timer
  let commit: Timer
  let charges: Timer
  let lookups: Timer

  package init(_ service: ServiceName, _ factory: any MetricsFactory) {
    func counters(
      _ family: MetricDescription, _ labels: [String], _ known: [[String]]
    ) -> CounterFamily {
      CounterFamily(family.name, labels, known: known, factory)
    }
    func counters(
      _ family: MetricDescription, _ label: String, _ known: [String]
    ) -> CounterFamily {
      counters(family, [label], known.map { [$0] })
    }
    func only(_ owner: ServiceName, _ words: [String]) -> [String] {
      service == owner ? words : []
    }
    func counter(_ family: MetricDescription, _ labels: [(String, String)] = []) -> Counter {
      Counter(label: family.name, dimensions: labels, factory: factory)
    }
    func timer(_ family: MetricDescription, _ labels: [(String, String)] = []) -> Timer {
      Timer(label: family.name, dimensions: labels, factory: factory)
    }
    func recorder(_ family: MetricDescription) -> Recorder {
      Recorder(label: family.name, aggregate: true, factory: factory)
    }
    let queue = [
      ("messaging_system", "rabbitmq"), ("messaging_destination_name", service.rawValue),
    ]
    let exchange = [
      ("messaging_system", "rabbitmq"), ("messaging_destination_name", MonthClose.exchange),
      ("messaging_operation_name", "publish"),
    ]
    outcomes = counters(MetricTable.outcomes, "outcome", ["done", "retried", "dead", "returned"])
    pauses = counters(
      MetricTable.pauses, "reason", FaultReason.pausing(service).map(\.rawValue))
    published = counters(
      MetricTable.published, "result", ["confirmed", "returned", "refused", "unknown"])
    decisions = counters(
      MetricTable.decisions, ["class", "rule"],
      KnownDecision.all(of: service).map { [$0.finding.rawValue, $0.rule] })
    attempts = counters(
      MetricTable.attempts, "outcome", only(.charger, AttemptState.ends.map(\.rawValue)))
    mails = counters(
      MetricTable.mails, "outcome", only(.mailer, ["sent", "refused", "suppressed", "resent"]))
    holds = counters(MetricTable.holds, "change", only(.holder, ["placed", "lifted"]))
    consumed = counter(MetricTable.consumed, queue)
    publishedAgain = counter(MetricTable.publishedAgain)
    faults = counter(MetricTable.faults)
    invoices = counter(MetricTable.invoices)
    dueWork = counter(MetricTable.dueWork)
    inFlight = Meter(label: MetricTable.inFlight.name, factory: factory)
    gatewayInFlight = Meter(label: MetricTable.gatewayInFlight.name, factory: factory)
    batchSize = recorder(MetricTable.batchSize)
    handling = timer(MetricTable.handling, queue)
    queueAge = recorder(MetricTable.queueAge)
    publishing = timer(MetricTable.publishing, exchange)
    commit = timer(MetricTable.commit)
    charges = timer(MetricTable.gatewayCalls, [("call", "charge")])
    lookups = timer(MetricTable.gatewayCalls, [("call", "lookup")])
  }
}

extension Timer {
  /// The time since then, `count` times: once for each message of a batch.
  func record(since start: ContinuousClock.Instant, count: Int = 1) {
    let elapsed = (ContinuousClock.now - start).components
    let nanoseconds = elapsed.seconds * 1_000_000_000 + elapsed.attoseconds / 1_000_000_000
    for _ in 0..<count { recordNanoseconds(nanoseconds) }
  }
}

/// Ledger changes are counted where they are committed, and only once they are, so that the
/// counters of all processes together agree with the ledger.
extension ServiceMetrics {
  func count(_ changes: [Change], _ outcomes: [CommitOutcome]) {
    for (change, outcome) in zip(changes, outcomes) {
      guard case .committed = outcome else { continue }
      if let decision = change.decision {
        decisions.add(1, decision.finding.rawValue, decision.rule)
      }
      for write in change.writes { count(write) }
    }
  }

  private func count(_ write: Write) {
    switch write {
    case .issue: invoices.increment()
    case .settle(let attempt): attempts.add(1, attempt.state.rawValue)
    case .mail(let mail) where mail.state == .suppressed: mails.add(1, mail.state.rawValue)
    case .mailEnd(let mail):
      mails.add(1, mail.state.rawValue)
      if mail.reason == MailRecord.resent { mails.add(1, "resent") }
    case .mailAgain: mails.add(1, "resent")
    case .placeHold: holds.add(1, "placed")
    case .liftHold: holds.add(1, "lifted")
    case .mail, .mailWaits, .mailReopen, .post, .attempt, .reopen, .schedule, .cancelDue, .progress,
      .oweAgain, .rangeDone,
      .closeRun, .record, .keysKept:
      break
    }
  }

  func count(_ results: [PublishResult]) {
    for result in results { published.add(1, result.word) }
  }
}

extension PublishResult {
  fileprivate var word: String {
    switch self {
    case .confirmed: "confirmed"
    case .returned: "returned"
    case .refused: "refused"
    case .unknown: "unknown"
    }
  }
}

/// Measures one batch from when it is taken until each of its messages is settled. Does nothing if
/// metrics are off.
struct BatchMeasures: Sendable {
  private let metrics: ServiceMetrics?
  private let start: ContinuousClock.Instant?

  init(_ metrics: ServiceMetrics?, _ count: Int) {
    self.metrics = metrics
    start = metrics.map { _ in .now }
    metrics?.consumed.increment(by: count)
    metrics?.batchSize.record(count)
    metrics?.inFlight.increment(by: Double(count))
  }

  /// By the message's own time: how long it waited, in queues and before. A clock that is ahead of
  /// ours makes no negative age.
  func ages(of jobs: [Job], at clock: LedgerClock) {
    guard let metrics, !jobs.isEmpty else { return }
    let now = clock.now().milliseconds
    for job in jobs {
      metrics.queueAge.record(Double(max(now - job.event.time.milliseconds, 0)) / 1000)
    }
  }

  func settled(_ settlements: [Settlement]) {
    guard let metrics, let start else { return }
    metrics.handling.record(since: start, count: settlements.count)
    metrics.inFlight.decrement(by: Double(settlements.count))
  }
}

/// Counters of one name that differ in the values of their labels. The values are words of the
/// program (a rule, an outcome), so there are few of them. Those that are known beforehand are
/// there from the start, with 0: a counter that appears with its first increment hides it, since
/// no rate or increase is computed from nothing.
final class CounterFamily: Sendable {
  private let name: String
  private let labels: [String]
  private let factory: any MetricsFactory
  private let known = Mutex<[[String]: Counter]>([:])

  init(
    _ name: String, _ labels: [String], known values: [[String]], _ factory: any MetricsFactory
  ) {
    self.name = name
    self.labels = labels
    self.factory = factory
    for value in values { _ = counter(value) }
  }

  func add(_ count: Int = 1, _ values: String...) {
    if count > 0 { counter(values).increment(by: count) }
  }

  private func counter(_ values: [String]) -> Counter {
    known.withLock { known in
      if let counter = known[values] { return counter }
      let added = Counter(
        label: name, dimensions: Array(zip(labels, values)), factory: factory)
      known[values] = added
      return added
    }
  }
}
