import Billing
import Foundation
import Ledger

/// A store that is only written to: an account per writer, a posting per commit.
struct WrittenMonth: Sendable {
  let path: String
  var removed: Set<LedgerGuard> = []

  /// A checkpoint after nearly every commit.
  private var options: SQLiteOptions {
    var options = SQLiteOptions(removed: removed)
    options.checkpointsAtBytes = 64 << 10
    return options
  }

  func open() async throws -> LedgerStore {
    try await SQLiteStore.open(path: path, migrate: true, options: options)
  }

  func create(accounts count: Int) throws {
    try Blocking.run {
      let store = try await open()
      let accounts = try (0..<count).map { (account: try account($0), line: $0 + 2) }
      _ = try await store.importAccounts(accounts, at: Instant(milliseconds: 0))
      try await store.close()
    }
  }

  private func account(_ number: Int) throws -> Account {
    Account(
      id: "w-\(number)", name: "Writer \(number)", email: "w-\(number)@customers.example",
      currency: try Currency("CHF"), country: "CH", timeZone: "Europe/Zurich",
      collection: .manual, paymentMethod: nil, holdAfterDays: 14)
  }

  /// How many postings there are: the accounts' positions, together.
  func commits(accounts count: Int) throws -> Int {
    try Blocking.run {
      let store = try await open()
      let found = try await positions(in: store, accounts: count)
      try await store.close()
      return found
    }
  }

  func positions(in store: LedgerStore, accounts count: Int) async throws -> Int {
    let keys = (0..<count).map { FactKey(account: "w-\($0)", invoice: nil) }
    return try await store.facts(for: keys).compactMap { $0.map { Int($0.position) } }.reduce(0, +)
  }

  func problems() throws -> [String] {
    try Blocking.run {
      let store = try await open()
      let found = try await store.problems()
      try await store.close()
      return found
    }
  }
}

/// Waits on this thread for what runs on others: for programs that have nothing else to do.
enum Blocking {
  /// Unchecked, because it is written once, before the semaphore lets the reader go on.
  private final class Box<Value: Sendable>: @unchecked Sendable {
    var result: Result<Value, any Error>?
  }

  static func run<Value: Sendable>(
    _ body: @escaping @Sendable () async throws -> Value
  ) throws -> Value {
    let box = Box<Value>()
    let done = DispatchSemaphore(value: 0)
    Task {
      do { box.result = .success(try await body()) } catch { box.result = .failure(error) }
      done.signal()
    }
    done.wait()
    guard let result = box.result else { preconditionFailure("signalled without a result") }
    return try result.get()
  }
}

/// Takes the store's lock again and again, as a program does that checkpoints, and looks whether
/// anything is committed meanwhile.
struct LockWitness {
  struct Seen {
    var times = 0
    var intruders = 0
  }

  private let month: WrittenMonth
  private let accounts: Int
  private let lock: FileLock
  private let store: LedgerStore

  init(month: WrittenMonth, accounts: Int) throws {
    self.month = month
    self.accounts = accounts
    lock = try FileLock(path: month.path + ".lock")
    store = try Blocking.run { try await month.open() }
  }

  func watch(seconds: Double) throws -> Seen {
    let end = Date().addingTimeInterval(seconds)
    var seen = Seen()
    while Date() < end {
      try lock.withLock {
        let before = try count()
        Thread.sleep(forTimeInterval: 0.02)
        seen.intruders += try count() - before
        seen.times += 1
      }
      Thread.sleep(forTimeInterval: 0.01)
    }
    try Blocking.run { [store] in try await store.close() }
    return seen
  }

  private func count() throws -> Int {
    try Blocking.run { [month, store, accounts] in
      try await month.positions(in: store, accounts: accounts)
    }
  }
}
