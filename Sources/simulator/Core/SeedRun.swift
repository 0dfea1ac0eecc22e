import Billing
import Foundation
import Ledger

/// What one seed came to.
struct SeedResult: Sendable {
  var seed: UInt64
  var violation: Violation?
  var hits: [SimulatedFault: Int] = [:]
  var boundaries: [CrashPlace: Int] = [:]
  var crashes: [CrashPlace: Int] = [:]
  var charges = 0
  var mails = 0
  var replayed = 0
  var jobs = 0
  var lines = 0
  var digest: UInt64 = 0
  /// Empty unless it was asked for.
  var trace: [String] = []
}

/// Runs seeds one after the other on the calling thread, each over a ledger of its own that starts
/// as a copy of a fresh one.
struct SeedRunner {
  let options: SimulationOptions
  let directory: URL
  private let fresh: Data

  /// In memory where the machine allows it: what a disk does to a ledger is tried with real disks.
  init(_ options: SimulationOptions, name: String) throws {
    self.options = options
    let memory = URL(fileURLWithPath: "/dev/shm")
    let root =
      FileManager.default.isWritableFile(atPath: memory.path)
      ? memory : FileManager.default.temporaryDirectory
    directory = root.appendingPathComponent(
      "month-close-simulator-\(ProcessInfo.processInfo.processIdentifier)-\(name)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    fresh = try Self.freshLedger(options, in: directory)
  }

  func remove() {
    do { try FileManager.default.removeItem(at: directory) } catch {
      FileHandle.standardError.write(Data("left behind: \(directory.path): \(error)\n".utf8))
    }
  }

  /// A seed that broke something is run once more, to tell what happened; the same seed is the same
  /// run.
  func run(seed: UInt64) throws -> SeedResult {
    let result = try run(seed: seed, options)
    guard result.violation != nil, !options.keepsTrace else { return result }
    var telling = options
    telling.keepsTrace = true
    return try run(seed: seed, telling)
  }

  private func run(seed: UInt64, _ options: SimulationOptions) throws -> SeedResult {
    var options = options
    options.seed = seed
    let file = directory.appendingPathComponent("ledger.db")
    for suffix in ["", "-wal", "-shm"] where exists(file.path + suffix) {
      try FileManager.default.removeItem(atPath: file.path + suffix)
    }
    try fresh.write(to: file)
    let ledger = LedgerFile(path: file.path) { [options] in
      try Self.open(file.path, migrate: false, options)
    }
    let simulation = try Simulation(options, ledger: ledger)
    simulation.runAllPhases()
    let result = SeedResult(simulation)
    simulation.putAway()
    let store = simulation.store
    try SimulationExecutor.run { try await store.close() }
    return result
  }

  private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  private static func freshLedger(_ options: SimulationOptions, in directory: URL) throws -> Data {
    let file = directory.appendingPathComponent("fresh.db")
    let store = try open(file.path, migrate: true, options)
    let catalog = try JSONDecoder().decode(Catalog.self, from: Data(Simulation.catalog.utf8))
    try SimulationExecutor.run {
      _ = try await store.importCatalog(catalog, at: Simulation.start)
      try await store.close()
    }
    return try Data(contentsOf: file)
  }

  private static func open(
    _ path: String, migrate: Bool, _ options: SimulationOptions
  ) throws -> LedgerStore {
    let removed = options.removed?.ofLedger
    let storeOptions = SQLiteOptions(runsInline: true, removed: removed.map { [$0] } ?? [])
    return try SimulationExecutor.run {
      try await SQLiteStore.open(path: path, migrate: migrate, options: storeOptions)
    }
  }
}

extension SeedResult {
  init(_ simulation: Simulation) {
    seed = simulation.options.seed
    violation = simulation.violation
    hits = simulation.faults.hits
    boundaries = simulation.boundaries
    crashes = simulation.crashes
    charges = simulation.gateway.charges.count
    mails = simulation.post.count
    replayed = simulation.replayed
    jobs = simulation.executor.ran
    lines = simulation.trace.count
    digest = simulation.trace.digest
    trace = simulation.trace.lines
  }
}
