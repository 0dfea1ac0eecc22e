import Foundation
import Glibc
import Testing

@testable import Ledger

/// What a program that has a ledger open can tell of it without being asked to write.
@Suite(.timeLimit(.minutes(3))) struct StoreConditionTests {
  private func withStore(
    _ body: (LedgerStore, _ path: String) async throws -> Void
  ) async throws {
    try await withFolder { folder in
      let path = "\(folder.path)/store.db"
      let store = try await SQLiteStore.open(path: path, migrate: true)
      #expect(await store.condition() == .usable)
      try await body(store, path)
      try await store.close()
    }
  }

  @Test func `Ledger that is moved away and back is missed meanwhile`() async throws {
    try await withStore { store, path in
      rename(path, path + ".moved")
      let said = "\(path) no longer exists: it was moved or deleted while in use"
      #expect(await store.condition() == .blocked(.unreachable(said)))
      rename(path + ".moved", path)
      #expect(await store.condition() == .usable)
    }
  }

  @Test(arguments: ["", ".lock"])
  func `File that is replaced is not the one that was opened`(_ suffix: String) async throws {
    try await withStore { store, path in
      let file = path + suffix
      let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
      try bytes.write(to: URL(fileURLWithPath: file + ".copy"))
      rename(file + ".copy", file)
      let said =
        "\(file) was replaced while in use: restart this program"
      #expect(await store.condition() == .replaced(.unreachable(said)))
    }
  }

  @Test func `Lock that is deleted ends the use`() async throws {
    try await withStore { store, path in
      unlink(path + ".lock")
      guard case .replaced = await store.condition() else {
        Issue.record("a deleted lock went unnoticed")
        return
      }
    }
  }

  @Test(.enabled(if: LockProcess.isPossible))
  func `Lock that cannot be had is in the way`() async throws {
    try await withStore { store, path in
      let other = try LockProcess(holding: path + ".lock")
      let began = SteadyClock.seconds()
      let condition = await store.condition()
      guard case .blocked(.locked(let file, let holder, _)) = condition else {
        Issue.record("\(condition)")
        return
      }
      #expect(file == path + ".lock" && holder?.processID == other.id)
      #expect((4..<40).contains(SteadyClock.seconds() - began))
      try other.release()
      #expect(await store.condition() == .usable)
    }
  }
}
