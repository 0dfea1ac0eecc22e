import Ledger
import Synchronization

/// Hands the rows of a usage file to the ledger, in portions, as the ledger asks for them. Without
/// `skipBad` the first bad row ends that: the rest of the file is only checked, so that all bad
/// rows can be told at once, and the error at the end makes the ledger keep nothing.
final class UsageFeed: Sendable {
  static let portion = 4000

  private struct State {
    var next: () throws -> UsageStep
    var bytes: FileBytes
    var faults: FaultList
    var rows = 0
    var ended = false
  }

  let path: String
  private let skipBad: Bool
  private let state: Mutex<State>
  private let onProgress: @Sendable (FeedProgress) -> Void

  init(
    _ path: String, skipBad: Bool, onProgress: @escaping @Sendable (FeedProgress) -> Void = { _ in }
  ) throws {
    let bytes = try FileBytes(path)
    let next: () throws -> UsageStep
    if Self.holdsEvents(path) {
      next = UsageEvents(bytes).next
    } else {
      next = try UsageTable(bytes).next
    }
    self.path = path
    self.skipBad = skipBad
    self.onProgress = onProgress
    state = Mutex(State(next: next, bytes: bytes, faults: FaultList(keepsAll: skipBad)))
  }

  /// By its name: JSON lines, CloudEvents.
  static func holdsEvents(_ path: String) -> Bool {
    let name = path.hasSuffix(".gz") ? path.dropLast(3) : path[...]
    return name.hasSuffix(".jsonl") || name.hasSuffix(".ndjson")
  }

  /// The next rows; `nil` after the last. Throws `BadRows` at the end of a file that has some.
  func next() throws -> [UsageRow]? {
    let (rows, progress) = try state.withLock { state in
      (try portion(&state), FeedProgress(rows: state.rows, bytes: state.bytes))
    }
    onProgress(progress)
    return rows
  }

  var faults: FaultList { state.withLock { $0.faults } }
  var rows: Int { state.withLock { $0.rows } }

  private func portion(_ state: inout State) throws -> [UsageRow]? {
    if state.ended { return nil }
    var rows: [UsageRow] = []
    rows.reserveCapacity(Self.portion)
    while rows.count < Self.portion {
      switch try state.next() {
      case .row(let row):
        if skipBad || state.faults.count == 0 { rows.append(row) }
        state.rows += 1
      case .fault(let fault):
        state.faults.add(fault)
        if state.faults.isTooLong { throw badRows(state) }
      case .end:
        state.ended = true
        if state.faults.count > 0, !skipBad { throw badRows(state) }
        return rows.isEmpty ? nil : rows
      }
    }
    return rows
  }

  private func badRows(_ state: State) -> BadRows {
    BadRows(file: path, rows: state.faults.rows, count: state.faults.count, byLedger: false)
  }
}

struct FeedProgress: Sendable, Equatable {
  var rows: Int
  /// 0…1; `nil` when the size of the file is not known.
  var part: Double?

  init(rows: Int, part: Double?) {
    self.rows = rows
    self.part = part
  }

  init(rows: Int, bytes: FileBytes) {
    self.init(
      rows: rows, part: bytes.size > 0 ? min(1, Double(bytes.consumed) / Double(bytes.size)) : nil)
  }
}
