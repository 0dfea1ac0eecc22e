import Ledger
import Synchronization

/// Hands the good rows of a usage file to the ledger, in portions, as the ledger asks for them. It
/// continues after a bad row, so that the file's faults and the ledger's refusals are reported
/// together. Whether anything is kept is decided at the end.
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
    self.onProgress = onProgress
    state = Mutex(State(next: next, bytes: bytes, faults: FaultList(keepsAll: skipBad)))
  }

  /// By its name: JSON lines, CloudEvents.
  static func holdsEvents(_ path: String) -> Bool {
    let name = path.hasSuffix(".gz") ? path.dropLast(3) : path[...]
    return name.hasSuffix(".jsonl") || name.hasSuffix(".ndjson")
  }

  /// The next rows; `nil` after the last. Throws `BadRows` if there are more than any file of this
  /// kind has.
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
        rows.append(row)
        state.rows += 1
      case .faults(let faults):
        state.faults.add(faults)
        if state.faults.isTooLong {
          throw BadRows(file: path, faults: state.faults, byLedger: false)
        }
      case .end:
        state.ended = true
        return rows.isEmpty ? nil : rows
      }
    }
    return rows
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
