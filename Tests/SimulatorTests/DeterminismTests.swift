import Testing

@testable import simulator

/// Sets and dictionaries are in another order in each process, so these compare within one.
@Suite(.serialized) struct DeterminismTests {
  @Test func theSameSeedIsTheSameToTheLastLine() throws {
    try run(accounts: 6) { runner in
      let first = try runner.run(seed: 7)
      let second = try runner.run(seed: 7)
      #expect(first.trace.count > 100)
      #expect(first.trace == second.trace)
      #expect(first.digest == second.digest)
    }
  }

  @Test func anotherSeedIsAnotherMonth() throws {
    try run(accounts: 6) { runner in
      let first = try runner.run(seed: 7)
      let second = try runner.run(seed: 8)
      #expect(first.digest != second.digest)
    }
  }

  @Test func aMonthWithItsGuardsBreaksNothing() throws {
    try run(accounts: 20) { runner in
      for seed: UInt64 in 1...3 {
        let result = try runner.run(seed: seed)
        #expect(result.violation == nil, "seed \(seed)")
      }
    }
  }

  /// The check of the checker, in small; `scripts/simulate --guards` does it for all guards.
  @Test func aCallBeforeItsIntentIsNoticed() throws {
    try run(accounts: 20, without: .intentFirst) { runner in
      let result = try runner.run(seed: 1)
      #expect(result.violation?.invariant == "I11")
    }
  }

  private func run(
    accounts: Int, without removed: SimulatedGuard? = nil, _ body: (SeedRunner) throws -> Void
  ) throws {
    let options = SimulationOptions(
      seed: 0, accounts: accounts, removed: removed, keepsTrace: true)
    let runner = try SeedRunner(options, name: "test-\(removed?.rawValue ?? "none")-\(accounts)")
    defer { runner.remove() }
    try body(runner)
  }
}
