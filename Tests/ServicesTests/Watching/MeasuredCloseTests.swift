import Billing
import Ledger
import Monitoring
import Testing

@testable import Services

/// A whole close in which every service is measured: the counters are the ledger's figures.
@Suite struct MeasuredCloseTests {
  private struct Measured {
    var world: World
    var registries: [ServiceName: PrometheusRegistry]

    /// Every line of a counter, by service.
    func counters() async -> [ServiceName: [String]] {
      var lines: [ServiceName: [String]] = [:]
      for (service, registry) in registries {
        lines[service] = await registry.text().split(separator: "\n").map(String.init).filter {
          $0.prefix { $0 != "{" && $0 != " " }.hasSuffix("_total") && !$0.hasPrefix("#")
        }
      }
      return lines
    }

    /// The value of a series, or the sum of all of its family that contain `labels`.
    func sum(_ service: ServiceName, _ name: String, _ labels: String = "") async -> Int {
      let text = await registries[service]?.text() ?? ""
      return text.split(separator: "\n")
        .filter { $0.hasPrefix("\(name){") && (labels.isEmpty || $0.contains(labels)) }
        .compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }.reduce(0, +)
    }
  }

  private func measured() async throws -> Measured {
    var registries: [ServiceName: PrometheusRegistry] = [:]
    for service in MonthClose.services {
      registries[service] = PrometheusRegistry(
        MetricTable.all, labels: [("service", service.rawValue)])
    }
    let world = try await World(
      accounts: [
        .test("a-1"), .test("a-2", card: Account.soft), .test("b-1", card: nil),
      ],
      usage: [.test("a-1", "100"), .test("b-1", "10")],
      metrics: { service in registries[service].map { ServiceMetrics(service, $0) } })
    return Measured(world: world, registries: registries)
  }

  @Test func `Counters are what the ledger says`() async throws {
    let close = try await measured()
    try await close.world.trigger()
    try await close.world.run()
    let progress = try #require(try await close.world.store.progress(World.period))
    #expect(progress.ends.values.reduce(0, +) == 3)
    let charges = close.world.gateway.charges.count
    let calls = close.world.gateway.calls
    #expect(charges == 1 && calls == 2)
    #expect(
      await close.sum(.charger, "monthclose_payment_attempts_total", "outcome=\"succeeded\"")
        == charges)
    #expect(await close.sum(.invoicer, "monthclose_invoices_issued_total") == 3)
    #expect(
      await close.sum(.mailer, "monthclose_mails_total", "outcome=\"sent\"")
        == close.world.post.sent.count)
    #expect(await close.sum(.charger, "monthclose_messages_total", "outcome=\"done\"") == 3)
    #expect(await close.sum(.charger, "monthclose_decisions_total") == 3)
    #expect(await close.sum(.charger, "monthclose_batch_size_sum") == 3)
    #expect(await close.sum(.charger, "monthclose_messages_in_flight") == 0)
    #expect(await close.sum(.charger, "monthclose_gateway_calls_in_flight") == 0)
    #expect(await close.sum(.charger, "messaging_process_duration_seconds_count") == 3)
    #expect(await close.sum(.charger, "monthclose_gateway_call_duration_seconds_count") == calls)
    #expect(
      await close.sum(.charger, "monthclose_payment_attempts_total", "\"declinedSoft\"") == 1)
  }

  /// What appears with its first increment has no increase that an alert could see.
  @Test func `Every counter is there from the start`() async throws {
    let close = try await measured()
    let fresh = await close.counters()
    #expect(fresh.values.allSatisfy { !$0.isEmpty })
    for (service, outcome) in [
      (ServiceName.charger, "monthclose_messages_total{service=\"charger\",outcome=\"dead\"}"),
      (.charger, "monthclose_payment_attempts_total{service=\"charger\",outcome=\"parked\"}"),
      (.mailer, "monthclose_mails_total{service=\"mailer\",outcome=\"refused\"}"),
      (.holder, "monthclose_holds_total{service=\"holder\",change=\"placed\"}"),
      (.invoicer, "monthclose_pauses_total{service=\"invoicer\",reason=\"store-unavailable\"}"),
    ] {
      #expect(fresh[service]?.contains("\(outcome) 0") == true, "\(outcome)")
    }
    try await close.world.trigger()
    try await close.world.run()
    let after = await close.counters()
    for (service, lines) in after {
      let known = Set(fresh[service]?.map(Self.series) ?? [])
      #expect(lines.map(Self.series).filter { !known.contains($0) } == [], "\(service)")
    }
  }

  private static func series(_ line: String) -> String {
    String(line[..<(line.lastIndex(of: " ") ?? line.endIndex)])
  }

  @Test func `A message that cannot be read is counted dead`() async throws {
    let close = try await measured()
    await close.world.publish(
      OutgoingEvent(
        id: "x", type: "x", routingKey: "invoice.issued", account: nil, period: nil,
        body: Array("{".utf8)))
    try await close.world.run()
    #expect(await close.sum(.charger, "monthclose_messages_total", "outcome=\"dead\"") == 1)
    #expect(await close.sum(.charger, "monthclose_messages_total", "outcome=\"done\"") == 0)
  }

  @Test func `No label names an account or a message`() async throws {
    let close = try await measured()
    try await close.world.trigger(id: "close-secret")
    try await close.world.run()
    for registry in close.registries.values {
      let text = await registry.text()
      for name in ["a-1", "b-1", "close-secret", "@", "pm_card"] { #expect(!text.contains(name)) }
    }
  }
}
