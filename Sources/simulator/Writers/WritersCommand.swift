import ArgumentParser
import Billing
import Foundation
import Ledger

/// The check of the file lock: several processes write one store and checkpoint it after
/// almost every commit, while a witness now and then takes the lock that all of them share. As long
/// as the witness has it no commit may appear, and in the end every acknowledged commit is there.
struct Writers: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "writers",
    abstract: "Real processes write one store with forced checkpoints; exit 1 if a rule is broken.",
    subcommands: [WriterProcess.self])

  @Option(help: "Processes.")
  var processes = 5
  @Option(help: "Writers over all processes.")
  var writers = 8
  @Option(help: "How long.")
  var seconds = 5
  @Option(help: "A guard to take away: file-lock.")
  var without: LedgerGuard?

  func validate() throws {
    guard processes > 0, writers >= processes, seconds > 0 else {
      throw ValidationError("--processes and --seconds above zero, --writers at least as many")
    }
    guard without == nil || without == .fileLock else {
      throw ValidationError("--without: expected file-lock")
    }
  }

  func run() throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent(
      "month-close-writers-\(ProcessInfo.processInfo.processIdentifier)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { remove(directory) }
    let month = WrittenMonth(path: directory.appendingPathComponent("ledger.db").path)
    try month.create(accounts: writers)
    let children = try (0..<processes).map { try start($0, month.path) }
    let witness = try LockWitness(month: month, accounts: writers)
    let seen = try witness.watch(seconds: Double(seconds) * 0.8)
    let acknowledged = try children.map { try $0.acknowledged() }.reduce(0, +)
    try report(acknowledged, try month.commits(accounts: writers), try month.problems(), seen)
  }

  /// The first processes have one writer more where they do not divide evenly.
  private func start(_ number: Int, _ path: String) throws -> ChildWriter {
    let first = number * writers / processes
    let end = (number + 1) * writers / processes
    var arguments = ["writers", "process", path, "\(first)", "\(end - 1)", "\(seconds)"]
    if let without { arguments.append(without.rawValue) }
    return try ChildWriter(arguments)
  }

  private func report(
    _ acknowledged: Int, _ stored: Int, _ problems: [String], _ seen: LockWitness.Seen
  ) throws {
    print(
      "\(writers) writers in \(processes) processes: \(acknowledged) commits acknowledged, "
        + "\(stored) in the store; the witness held the lock \(seen.times) times, "
        + "\(seen.intruders) commits appeared meanwhile")
    for problem in problems { print("problem: \(problem)") }
    let isVoid = acknowledged == 0 || seen.times == 0
    if isVoid { print("void: nothing was written, or the lock was never held") }
    if isVoid || acknowledged != stored || !problems.isEmpty || seen.intruders > 0 {
      throw ExitCode(1)
    }
  }

  private func remove(_ directory: URL) {
    do { try FileManager.default.removeItem(at: directory) } catch {
      print("left behind: \(directory.path): \(error)")
    }
  }
}

extension LedgerGuard: ExpressibleByArgument {}

/// A child process that writes, and tells at its end how many commits were acknowledged to it.
private struct ChildWriter {
  private let process = Process()
  private let output = Pipe()

  init(_ arguments: [String]) throws {
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = arguments
    process.standardOutput = output
    try process.run()
  }

  func acknowledged() throws -> Int {
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0,
      let count = Int(text.trimmingCharacters(in: .whitespacesAndNewlines))
    else { throw ChildFailed(status: process.terminationStatus) }
    return count
  }
}

struct ChildFailed: Error, CustomStringConvertible {
  var status: Int32
  var description: String { "a writing process ended with status \(status)" }
}

/// One of the processes of `writers`.
struct WriterProcess: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "process", abstract: "Writes, and prints how many commits were acknowledged.",
    shouldDisplay: false)

  @Argument var path: String
  @Argument var first: Int
  @Argument var last: Int
  @Argument var seconds: Int
  /// Not an option: the command above this one would take it for its own.
  @Argument var without: LedgerGuard?

  func run() throws {
    let month = WrittenMonth(path: path, removed: without.map { [$0] } ?? [])
    let writers = first...last
    let end = ContinuousClock.now + .seconds(seconds)
    let count = try Blocking.run {
      try await withThrowingTaskGroup(of: Int.self) { group in
        for number in writers {
          group.addTask { try await write(number, in: month, until: end) }
        }
        return try await group.reduce(0, +)
      }
    }
    print(count)
  }
}

/// Each writer has a store of its own, as a process of a service has.
private func write(
  _ number: Int, in month: WrittenMonth, until end: ContinuousClock.Instant
) async throws -> Int {
  let store = try await month.open()
  var count = 0
  while ContinuousClock.now < end {
    count += 1
    let reference = "\(number)-\(count)"
    let posting = try Transaction(
      kind: .payment, account: "w-\(number)", currency: try Currency("CHF"),
      reference: reference, entries: [Entry(.cash, 100), Entry(.customerCredit, -100)])
    let change = Change(
      service: .closectl, messageID: reference, account: "w-\(number)",
      writes: [.post(posting)], at: Instant(milliseconds: 0))
    guard case .committed = try await store.commit([change], published: [])[0] else {
      throw UncommittedWrite(reference: reference)
    }
  }
  try await store.close()
  return count
}

struct UncommittedWrite: Error {
  var reference: String
}
