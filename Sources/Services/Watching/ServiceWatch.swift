import Billing
import JSON
import Ledger
import Logging
import Monitoring

/// Metrics and health of a running service. Without an address, nothing is served or measured;
/// health is tracked anyway, because it costs nothing.
package struct ServiceWatch: Sendable {
  package var metrics: ServiceMetrics?
  package var health: ServiceHealth
  /// Metrics about all services together, which only the reporter has.
  package var observations: Observations?

  package init(
    metrics: ServiceMetrics? = nil, health: ServiceHealth = ServiceHealth(),
    observations: Observations? = nil
  ) {
    self.metrics = metrics
    self.health = health
    self.observations = observations
  }

  /// Listens on the configured address; throws a `ListenFault`.
  static func open(
    _ service: ServiceName, at address: ListenAddress?, _ logger: Logger
  ) async throws -> (watch: ServiceWatch, server: MonitoringServer?) {
    let health = ServiceHealth(logger: logger)
    guard let address else { return (ServiceWatch(health: health), nil) }
    let registry = PrometheusRegistry(
      MetricTable.all, labels: [("service", service.rawValue)])
    let observations = service == .reporter ? Observations() : nil
    let watch = ServiceWatch(
      metrics: ServiceMetrics(service, registry), health: health, observations: observations)
    if let observations { registry.collect { observations.samples() } }
    registry.collect { ProcessSamples.read() }
    registry.collect { samples(await health.report()) }
    let server = try await MonitoringServer.start(
      host: address.host, port: address.port, pages: pages(service, registry, health),
      logger: logger)
    logger.info("serving health and metrics", metadata: ["address": "\(address)"])
    return (watch, server)
  }

  static func pages(
    _ service: ServiceName, _ registry: PrometheusRegistry, _ health: ServiceHealth
  ) -> [String: MonitoringServer.Page] {
    [
      "/healthz": { alive(service, health.hanging()) },
      "/readyz": {
        let report = await health.report()
        return .json(report.isReady ? 200 : 503, report.json(service: service.rawValue))
      },
      "/metrics": { .metrics(await registry.text()) },
    ]
  }

  private static func alive(_ service: ServiceName, _ hanging: [String]) -> MonitoringPage {
    var writer = JSONWriter()
    writer.object {
      $0.array("hanging") { writer in
        for what in hanging { writer.element(what) }
      }
      $0.text("service", service.rawValue)
      $0.text("status", hanging.isEmpty ? "alive" : "hanging")
    }
    return .json(hanging.isEmpty ? 200 : 503, writer.bytes)
  }

  private static func samples(_ report: ReadinessReport) -> [MetricSample] {
    let missing = ServiceHealth.Part.allCases.map { part in
      MetricSample(
        MetricTable.missing, labels: [("part", part.rawValue)],
        report.missing[part] == nil ? 0 : 1)
    }
    return missing + [
      MetricSample(MetricTable.ready, report.isReady ? 1 : 0),
      MetricSample(
        MetricTable.reconnects, labels: [("to", "store")], Double(report.storeReturns)),
      MetricSample(
        MetricTable.reconnects, labels: [("to", "broker")], Double(report.brokerReturns)),
      MetricSample(MetricTable.build, labels: [("version", MonthClose.version)], 1),
    ]
  }
}
