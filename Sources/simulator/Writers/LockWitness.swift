import Foundation
import Ledger

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
