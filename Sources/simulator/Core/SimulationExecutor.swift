import Glibc

/// Runs everything of one simulation on the thread that calls `drain`, one job at a time, in an
/// order the seed decides. So two runs of one seed are the same, and different seeds try different
/// interleavings of the same tasks.
///
/// Unchecked, because all of it is touched by that one thread only, which `enqueue` checks.
final class SimulationExecutor: TaskExecutor, @unchecked Sendable {
  private var jobs: [UnownedJob] = []
  private var random: SeededGenerator
  private let thread = pthread_self()
  private(set) var ran = 0

  init(random: SeededGenerator) { self.random = random }

  func enqueue(_ job: consuming ExecutorJob) {
    precondition(
      pthread_equal(thread, pthread_self()) != 0, "something is running outside the simulation")
    jobs.append(UnownedJob(job))
  }

  /// Runs until nothing can continue without time passing, or until `stop` returns true.
  func drain(until stop: () -> Bool) {
    while !jobs.isEmpty && !stop() {
      jobs.swapAt(random.number(0...(jobs.count - 1)), jobs.count - 1)
      ran += 1
      jobs.removeLast().runSynchronously(on: asUnownedTaskExecutor())
    }
  }

  /// Starts a task that never leaves this executor.
  func start(_ body: @escaping @Sendable () async -> Void) {
    Task(executorPreference: self) { await body() }
  }
}

extension SimulationExecutor {
  /// Runs what never waits for anything else, to its end.
  static func run<Value: Sendable>(
    _ body: @escaping @Sendable () async throws -> Value
  ) throws -> Value {
    let executor = SimulationExecutor(random: SeededGenerator(seed: 0))
    let box = Box<Value>()
    executor.start {
      do { box.result = .success(try await body()) } catch { box.result = .failure(error) }
    }
    executor.drain { false }
    guard let result = box.result else { throw NeverEnded() }
    return try result.get()
  }

  /// Unchecked, because it does not leave the thread of `run`.
  private final class Box<Value: Sendable>: @unchecked Sendable {
    var result: Result<Value, any Error>?
  }

  private struct NeverEnded: Error {}
}
