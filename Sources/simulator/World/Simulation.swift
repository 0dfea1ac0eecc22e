import Billing
import Broker
import Ledger
import Logging
import Services

/// One close of a small month under one seed: the five services as they run in production, over a
/// simulated broker, gateway, mail server and time, and the real ledger.
///
/// Unchecked, because all of it belongs to the one thread that runs it (see `SimulationExecutor`).
final class Simulation: @unchecked Sendable {
  let options: SimulationOptions
  let executor: SimulationExecutor
  let timeline = Timeline()
  let trace: Trace
  let faults: Faults
  let witness = CommitObserver()
  let broker = InMemoryBroker()
  private(set) var store: LedgerStore
  let ledgerFile: LedgerFile
  var backup: LedgerBackup?
  let settings: Settings
  let logger = Logger(label: "simulator") { _ in SwiftLogNoOpLogHandler() }
  private(set) lazy var gateway = SimulatedGateway(simulation: self)
  private(set) lazy var post = SimulatedPost(simulation: self)
  private var random: SeededGenerator

  var processes: [SimulatedProcess] = []
  private var started = 0
  private(set) var violation: Violation?
  var boundaries: [CrashPlace: Int] = [:]
  var crashes: [CrashPlace: Int] = [:]
  /// The gateway answers 401 until then.
  var gatewayRefusesUntil: Int64 = 0
  /// Dead letters that were replayed once all faults were healed.
  var replayed = 0

  // Constants that are known to be good.
  // swift-format-ignore: NeverUseForceTry
  static let period = try! Period("2026-11")
  /// When the month is over everywhere.
  // swift-format-ignore: NeverUseForceTry
  static let start = try! Instant(rfc3339: "2026-12-01T02:00:00Z")

  init(_ options: SimulationOptions, ledger: LedgerFile) throws {
    self.options = options
    ledgerFile = ledger
    store = try ledger.open()
    random = SeededGenerator(seed: options.seed)
    executor = SimulationExecutor(random: random.fork())
    trace = Trace(isKept: options.keepsTrace)
    faults = Faults(random: random.fork())
    settings = try Self.settings(&random)
  }

  /// Sizes that production leaves to its operator.
  private static func settings(_ random: inout SeededGenerator) throws -> Settings {
    try Settings.read(
      service: nil,
      environment: [
        "MONTHCLOSE_BATCH": "\(random.number(1...12))",
        "MONTHCLOSE_LANES": "\(random.number(1...3))",
        "MONTHCLOSE_PREFETCH": "\(random.number(12...40))",
        "MONTHCLOSE_RANGE_SIZE": "\(random.number(1...9))",
        "MONTHCLOSE_IN_FLIGHT": "\(random.number(1...16))",
        "MONTHCLOSE_MAIL_FROM": "billing@month-close.example",
      ], arguments: [])
  }

  var time: Instant { Self.start.adding(milliseconds: timeline.now) }
  var sabotage: GuardRemoval { GuardRemoval(removed: options.removed, witness: witness) }

  func draw(_ range: ClosedRange<Int>) -> Int { random.number(range) }
  func chance(_ millionths: Int) -> Bool { random.happens(millionths) }
  func pick<Element>(_ list: [Element]) -> Element { random.pick(list) }

  func note(_ who: String, _ what: @autoclosure () -> String) {
    trace.add(timeline.now, who, what)
  }

  /// The first violation is the one to look at.
  func fail(_ invariant: String, _ what: String) {
    guard violation == nil else { return }
    violation = Violation(invariant: invariant, what: what)
    note("VIOLATION", "\(invariant): \(what)")
  }

  // MARK: Processes

  func startProcess(_ service: ServiceName) {
    started += 1
    let process = SimulatedProcess(service, number: started, in: self)
    processes.append(process)
    process.start()
  }

  /// A supervisor starts it again after a while.
  func processDied(_ process: SimulatedProcess) {
    processes.removeAll { $0 === process }
    if process.service == .closectl || areServicesStopped { return }
    let delay = Int64(draw(50...5000))
    executor.start { [self] in
      await timeline.sleep(milliseconds: delay)
      if !isPutAway && !areServicesStopped { startProcess(process.service) }
    }
  }

  private var areServicesStopped = false

  /// By their operator: none is started again.
  func stopServices() {
    areServicesStopped = true
    for process in processes { process.crash("by its operator") }
  }

  func startServices() {
    areServicesStopped = false
    for service in MonthClose.services { startProcess(service) }
  }

  func replaceStore(_ other: LedgerStore) { store = other }

  private(set) var isPutAway = false

  /// Everything that still waits is let go, so that nothing of this simulation stays in memory.
  func putAway() {
    isPutAway = true
    faults.isOn = false
    for process in processes { process.crash("at the end") }
    repeat {
      timeline.wakeAll()
      executor.drain { false }
    } while timeline.sleepers > 0
  }

  // MARK: Passing time

  /// Lets everything happen that happens up to `end`. Where nobody has anything to do the clock
  /// jumps; services that rest are woken when it does.
  func run(until end: Int64, or isOver: () -> Bool = { false }) {
    var active = timeline.now
    while violation == nil {
      let before = trace.count
      executor.drain { violation != nil }
      if trace.count != before { active = timeline.now }
      if isOver() || timeline.now >= end { return }
      advance(to: min(next(activeAt: active), end))
    }
  }

  private func next(activeAt active: Int64) -> Int64 {
    let expiry = broker.millisecondsToNextExpiry.map { timeline.now + $0 }
    let due = witness.nextDue(after: time).map { $0.milliseconds - Self.start.milliseconds + 1 }
    let rest = timeline.nextRest.map { max($0, endOfRest(activeAt: active)) }
    return max(
      timeline.now + 1, [timeline.nextDue, expiry, due, rest].compactMap { $0 }.min() ?? .max)
  }

  /// Services look after their ledger by the second while something happens, and once more when
  /// left-over events are old enough to be published again; then only when something is due.
  private func endOfRest(activeAt active: Int64) -> Int64 {
    switch timeline.now - active {
    case ..<1_000: timeline.now
    case ..<11_000: active + 11_000
    case ..<12_000: timeline.now
    default: timeline.now + 86_400_000
    }
  }

  private func advance(to time: Int64) {
    broker.advance(milliseconds: time - timeline.now)
    timeline.advance(to: time)
  }
}

/// Something that must never be was.
struct Violation: Sendable {
  var invariant: String
  var what: String
}

struct SimulationOptions: Sendable {
  var seed: UInt64
  var accounts = 20
  var removed: SimulatedGuard?
  var keepsTrace = false
}
