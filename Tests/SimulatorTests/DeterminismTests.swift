import Foundation
import Testing

@testable import simulator

/// Sets and dictionaries are in another order in each process, so these compare within one.
@Suite(.serialized) struct DeterminismTests {
  @Test func `The same seed is the same to the last line`() async throws {
    let results = try await run([7, 7], accounts: 6)
    #expect(results[0].trace.count > 100)
    #expect(results[0].trace == results[1].trace)
    #expect(results[0].digest == results[1].digest)
  }

  @Test func `Another seed is another month`() async throws {
    let results = try await run([7, 8], accounts: 6)
    #expect(results[0].digest != results[1].digest)
  }

  @Test func `A month with its guards breaks nothing`() async throws {
    for result in try await run([1, 2, 3], accounts: 20) {
      #expect(result.violation == nil, "seed \(result.seed)")
    }
  }

  /// The check of the checker, in small; `scripts/simulate --guards` does it for all guards.
  @Test func `A call before its intent is noticed`() async throws {
    let results = try await run([1], accounts: 20, without: .intentFirst)
    #expect(results[0].violation?.invariant == "I11")
  }

  /// On a thread of its own: a simulation does not let go of the one it runs on.
  private func run(
    _ seeds: [UInt64], accounts: Int, without removed: SimulatedGuard? = nil
  ) async throws -> [SeedResult] {
    let options = SimulationOptions(
      seed: 0, accounts: accounts, removed: removed, keepsTrace: true)
    return try await withCheckedThrowingContinuation { continuation in
      let thread = Thread {
        continuation.resume(
          with: Result {
            let runner = try SeedRunner(options, name: "test-\(seeds)-\(accounts)")
            defer { runner.remove() }
            return try seeds.map(runner.run)
          })
      }
      thread.stackSize = 16 << 20
      thread.start()
    }
  }
}
