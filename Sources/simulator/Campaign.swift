import Billing
import Foundation
import Ledger
import Services
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

/// What a campaign came to, for people.
struct CampaignReport {
  let total: Campaign.Total
  let accounts: Int
  let seconds: Double

  var text: String {
    (failures + [""] + faults + [""] + boundaries + [""] + missed.map { "never hit: \($0)" }
      + [summary]).joined(separator: "\n")
  }

  /// A campaign of some length that never hit a kind of fault, or of great length that never
  /// crashed at one of the boundaries, does not show what it is there to show.
  var missed: [String] {
    var missed: [String] = []
    if total.seeds >= 300 {
      missed += SimulatedFault.allCases.filter { total.hits[$0, default: 0] == 0 }.map(\.rawValue)
    }
    if total.seeds >= 5_000 {
      missed += MonthClose.services.flatMap { service in
        CrashPoint.all(of: service).filter {
          total.crashes[CrashPlace(service: service, boundary: $0), default: 0] == 0
        }.map { "a crash of the \(service.rawValue) at \($0.rawValue)" }
      }
    }
    return missed
  }

  private var failures: [String] {
    total.failures.sorted { $0.seed < $1.seed }.prefix(20).flatMap { result -> [String] in
      guard let violation = result.violation else { return [] }
      let head = "seed \(result.seed): \(violation.invariant) is broken: \(violation.what)"
      let last = result.trace.suffix(total.failures.count > 1 ? 0 : 30).map { "    \($0)" }
      return [head] + last + ["    full trace: simulator trace \(result.seed)"]
    }
  }

  private var faults: [String] {
    ["faults and how often each was hit"]
      + SimulatedFault.allCases.map { "  \(padded(total.hits[$0, default: 0]))  \($0.rawValue)" }
  }

  private var boundaries: [String] {
    let services = MonthClose.services
    let head =
      "crashes at each boundary (and how often it was reached)\n  "
      + "boundary".padding(toLength: 16, withPad: " ", startingAt: 0)
      + services.map { $0.rawValue.leftPadded(17) }.joined()
    return [head]
      + CrashPoint.allCases.map { boundary in
        "  " + boundary.rawValue.padding(toLength: 16, withPad: " ", startingAt: 0)
          + services.map { cell($0, boundary).leftPadded(17) }.joined()
      }
  }

  private func cell(_ service: ServiceName, _ boundary: CrashPoint) -> String {
    guard CrashPoint.all(of: service).contains(boundary) else { return "" }
    let place = CrashPlace(service: service, boundary: boundary)
    return "\(total.crashes[place, default: 0]) (\(total.boundaries[place, default: 0]))"
  }

  private var summary: String {
    let rate = Double(total.seeds) / max(seconds, 0.001)
    return "\(total.seeds) seeds of \(accounts) accounts in \(tenths(seconds)) s "
      + "(\(tenths(rate)) per second): \(total.charges) charges, \(total.mails) mails, "
      + "\(total.replayed) dead letters from outages replayed, "
      + "\(total.failures.count) seeds with a broken invariant"
  }

  private func padded(_ number: Int) -> String { "\(number)".leftPadded(9) }
  private func tenths(_ number: Double) -> String { String(format: "%.1f", number) }
}

extension String {
  fileprivate func leftPadded(_ width: Int) -> String {
    String(repeating: " ", count: max(0, width - count)) + self
  }
}
