import Billing
import Broker
import Ledger
import Logging
import Monitoring
import Synchronization
import Testing

@testable import Services

/// What the reporter sees of all services, and what a scrape shows of it.
@Suite struct ObserverTests {
  private struct Seen {
    var text: [String]
    func value(_ series: String) -> String? {
      text.first { $0.hasPrefix("\(series) ") }.map { String($0.dropFirst(series.count + 1)) }
    }
  }

  private func look(_ world: World, _ observations: Observations) async -> Seen {
    let observer = Observer(
      store: world.store, broker: world.broker, clock: world.clock, observations: observations,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, rest: { _ in false })
    await observer.poll()
    let registry = PrometheusRegistry(MetricTable.all)
    registry.collect { observations.samples() }
    return Seen(text: await registry.text().split(separator: "\n").map(String.init))
  }

  @Test func `A close and its dead letters are seen`() async throws {
    let world = try await World(
      accounts: [.test("a-1"), .test("a-2", card: Account.soft), .test("b-1", card: nil)],
      usage: [.test("a-1", "100"), .test("b-1", "10")])
    let observations = Observations(now: { 1000.5 })
    var seen = await look(world, observations)
    #expect(seen.value(#"monthclose_dead_letters{queue="charger"}"#) == "0")
    #expect(seen.value(#"monthclose_overdue_work{queue="holder"}"#) == "0")
    #expect(seen.value(#"monthclose_observed_timestamp_seconds{of="ledger"}"#) == "1000.5")
    try await world.trigger()
    try await world.run()
    await world.publish(
      OutgoingEvent(
        id: "x", type: "x", routingKey: "invoice.issued", account: nil, period: nil,
        body: Array("{".utf8)))
    try await world.run()
    seen = await look(world, observations)
    #expect(seen.value(#"monthclose_dead_letters{queue="charger"}"#) == "1")
    #expect(seen.value(#"monthclose_queue_messages{queue="charger"}"#) == "0")
    let period = World.period
    #expect(
      seen.value(#"monthclose_close_accounts{period="\#(period)",stage="expected"}"#) == "3")
    let ends = seen.text.filter { $0.hasPrefix("monthclose_close_ends{") }
    #expect(ends.count == AccountEnd.allCases.count + 1)
    #expect(ends.compactMap { Int($0.split(separator: " ")[1]) }.reduce(0, +) == 3)
    #expect(seen.value(#"monthclose_close_ends{period="\#(period)",end="paid"}"#) == "1")
  }

  @Test func `What is old is not shown but when it was seen`() async throws {
    let world = try await World(accounts: [.test("a-1")])
    try await world.trigger()
    try await world.run()
    let now = Mutex(1000.0)
    let observations = Observations(now: { now.withLock { $0 } })
    _ = await look(world, observations)
    now.withLock { $0 = 1120 }
    let names = [
      #"monthclose_queue_consumers{queue="charger"}"#, #"monthclose_overdue_work{queue="holder"}"#,
      #"monthclose_close_running{period="\#(World.period)"}"#,
    ]
    func shown() async -> Seen {
      let registry = PrometheusRegistry(MetricTable.all)
      registry.collect { observations.samples() }
      return Seen(text: await registry.text().split(separator: "\n").map(String.init))
    }
    var seen = await shown()
    #expect(names.allSatisfy { seen.value($0) != nil })
    now.withLock { $0 = 1121 }
    seen = await shown()
    #expect(names.allSatisfy { seen.value($0) == nil })
    for of in ["ledger", "broker"] {
      #expect(seen.value(#"monthclose_observed_timestamp_seconds{of="\#(of)"}"#) == "1000")
    }
  }

  @Test func `What was not seen yet is not shown`() async {
    let registry = PrometheusRegistry(MetricTable.all)
    let observations = Observations()
    registry.collect { observations.samples() }
    #expect(await registry.text().isEmpty)
  }
}
