import Billing
import Broker
import CoreMetrics
import Ledger
import Monitoring

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
