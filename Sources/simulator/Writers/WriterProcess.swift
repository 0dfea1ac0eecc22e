import ArgumentParser
import Billing
import Foundation
import Ledger

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
