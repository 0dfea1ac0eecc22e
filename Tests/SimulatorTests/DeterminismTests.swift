import Testing

@testable import simulator

@Suite struct DeterminismTests {
  @Test func theSameSeedIsTheSameToTheLastLine() throws {
    let runner = try SeedRunner(
      SimulationOptions(seed: 0, accounts: 6, keepsTrace: true), name: "a")
    defer { runner.remove() }
    let first = try runner.run(seed: 7)
    let second = try runner.run(seed: 7)
    #expect(first.trace == second.trace)
    #expect(first.digest == second.digest)
  }
}
