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

/// All chance of one simulation (SplitMix64: Steele, Lea, Flood 2014). The same seed draws the
/// same.
struct SeededGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x2545_F491_4F6C_DD1D &+ 0x9E37_79B9_7F4A_7C15 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// Both ends included. The bias of a plain remainder does not matter here.
  mutating func number(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(next() % UInt64(range.count))
  }

  /// True in this many of a million cases.
  mutating func happens(_ millionths: Int) -> Bool {
    millionths > 0 && number(1...1_000_000) <= millionths
  }

  mutating func pick<Element>(_ list: [Element]) -> Element { list[number(0...(list.count - 1))] }

  /// A generator of its own, so that what is drawn from one does not move the other.
  mutating func fork() -> SeededGenerator { SeededGenerator(seed: next()) }
}
