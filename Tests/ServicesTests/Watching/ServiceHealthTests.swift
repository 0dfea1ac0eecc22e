import Billing
import Broker
import Synchronization
import Testing

@testable import Services

@Suite struct ServiceHealthTests {
  private final class Watch: Sendable {
    let now = Mutex(ContinuousClock.now)
    func advance(_ time: Duration) { now.withLock { $0 += time } }
  }

  private func text(_ health: ServiceHealth) async -> String {
    String(decoding: await health.report().json(service: "charger"), as: UTF8.self)
  }

  @Test func `What is missing is named in a fixed order with why`() async {
    let health = ServiceHealth()
    #expect(await text(health) == #"{"missing":[],"service":"charger","status":"starting"}"#)
    health.lacks(.gatewayKey, "status 401")
    health.lacks(.store, "no \"file\"")
    #expect(
      await text(health)
        == #"{"missing":[{"part":"store","why":"no \"file\""},"#
        + #"{"part":"gateway key","why":"status 401"}],"service":"charger","status":"not ready"}"#)
  }

  @Test func `It is ready once it consumes and lacks nothing`() async throws {
    let health = ServiceHealth()
    let broker = InMemoryBroker()
    _ = try await broker.apply(MonthClose.topology(retryDelays: [.seconds(1)]))
    _ = try await broker.consume("charger", prefetch: 1)
    health.lacks(.store, "away")
    health.consumes("charger", from: broker)
    #expect(await !health.report().isReady)
    health.has(.store)
    let report = await health.report()
    #expect(report.isReady && report.status == "ready")
    #expect(report.storeReturns == 1)
  }

  @Test func `What one has found missing only it can find again`() async {
    let health = ServiceHealth()
    health.lacks(.store, "its lock is held", foundBy: .look)
    health.has(.store)
    health.has(.store, foundBy: .maintenance)
    #expect(await health.report().missing == [.store: "its lock is held"])
    health.lacks(.store, "a write failed")
    #expect(await health.report().missing == [.store: "a write failed"])
    health.has(.store)
    health.has(.store, foundBy: .look)
    #expect(await health.report().missing.isEmpty)
  }

  @Test func `Without its consumer the broker is missing`() async {
    let health = ServiceHealth()
    health.consumes("charger", from: InMemoryBroker())
    let report = await health.report()
    #expect(!report.isReady && report.missing[.broker] == "not connected")
  }

  @Test func `Stopping is said whatever is missing`() async {
    let health = ServiceHealth()
    health.consumes("charger", from: InMemoryBroker())
    health.stops()
    let report = await health.report()
    #expect(!report.isReady && report.status == "stopping" && report.missing.isEmpty)
  }

  @Test func `What is not heard of within its limit hangs`() {
    let watch = Watch()
    let health = ServiceHealth { watch.now.withLock { $0 } }
    let batch = health.begins("a batch", limit: .seconds(60))
    let maintenance = health.begins("upkeep", limit: .seconds(100))
    watch.advance(.seconds(60))
    #expect(health.hanging().isEmpty)
    watch.advance(.seconds(1))
    #expect(health.hanging() == ["a batch: nothing heard for 61 s"])
    health.heard(batch)
    #expect(health.hanging().isEmpty)
    health.ended(batch)
    watch.advance(.seconds(200))
    #expect(health.hanging() == ["upkeep: nothing heard for 261 s"])
    health.ended(maintenance)
    #expect(health.hanging().isEmpty)
  }
}
