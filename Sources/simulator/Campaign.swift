import Billing
import Foundation
import Synchronization

/// Many seeds, on as many threads as are asked for, until the first violation or the end.
final class Campaign: Sendable {
  struct Total: Sendable {
    var seeds = 0
    var hits: [SimulatedFault: Int] = [:]
    var boundaries: [CrashPlace: Int] = [:]
    var crashes: [CrashPlace: Int] = [:]
    var charges = 0
    var mails = 0
    var replayed = 0
    var jobs = 0
    var failures: [SeedResult] = []
    var errors: [String] = []
  }

  private let options: SimulationOptions
  private let last: UInt64
  private let next: Atomic<UInt64>
  private let stopsAtFailure: Bool
  private let total = Mutex(Total())

  init(_ options: SimulationOptions, first: UInt64, count: Int, stopsAtFailure: Bool) {
    self.options = options
    self.last = first + UInt64(count) - 1
    self.next = Atomic(first)
    self.stopsAtFailure = stopsAtFailure
  }

  /// Blocks until all threads are done. `progress` is called from them.
  func run(threads: Int, progress: @escaping @Sendable (Int) -> Void) -> Total {
    let done = DispatchSemaphore(value: 0)
    for number in 1...threads {
      let thread = Thread { [self] in
        work("\(number)", progress)
        done.signal()
      }
      thread.stackSize = 16 << 20
      thread.start()
    }
    for _ in 1...threads { done.wait() }
    return total.withLock { $0 }
  }

  private func work(_ name: String, _ progress: (Int) -> Void) {
    do {
      let runner = try SeedRunner(options, name: name)
      defer { runner.remove() }
      while let seed = take() {
        let result = try runner.run(seed: seed)
        progress(add(result))
      }
    } catch {
      total.withLock { $0.errors.append("\(error)") }
    }
  }

  private func take() -> UInt64? {
    let isOver = total.withLock { !$0.errors.isEmpty || (stopsAtFailure && !$0.failures.isEmpty) }
    if isOver { return nil }
    let seed = next.add(1, ordering: .relaxed).oldValue
    return seed <= last ? seed : nil
  }

  private func add(_ result: SeedResult) -> Int {
    total.withLock { total in
      total.seeds += 1
      total.hits.merge(result.hits, uniquingKeysWith: +)
      total.boundaries.merge(result.boundaries, uniquingKeysWith: +)
      total.crashes.merge(result.crashes, uniquingKeysWith: +)
      total.charges += result.charges
      total.mails += result.mails
      total.replayed += result.replayed
      total.jobs += result.jobs
      if result.violation != nil { total.failures.append(result) }
      return total.seeds
    }
  }
}
