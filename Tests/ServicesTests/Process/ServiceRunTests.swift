import Billing
import Broker
import Ledger
import Testing

@testable import Services

@Suite struct ServiceRunTests {
  @Test func `What was confirmed is recorded before the end`() async throws {
    let world = try await World(accounts: [.test("a")])
    try await world.trigger()
    let consumer = try await world.broker.consume("invoicer", prefetch: 10)
    let runner = try #require(world.services[.invoicer]).runner
    let run = ServiceRun(runner: runner, consumer: consumer, batch: 10, lanes: 1)
    async let ended: Void = run.run()
    for _ in 1...500 where try await world.broker.depth(of: "charger")?.messages != 1 {
      try await Task.sleep(for: .milliseconds(10))
    }
    await consumer.stop()
    try await ended
    let later = world.clock.now().adding(days: 1)
    #expect(try await world.store.unpublished(by: .invoicer, before: later, limit: 10).isEmpty)
  }
}
