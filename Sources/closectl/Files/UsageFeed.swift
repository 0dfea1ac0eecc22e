import Glibc
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

/// Gives the same String again for bytes seen before, so that a million rows about a thousand
/// accounts do not make a million Strings. Direct-mapped and of fixed size: a collision only costs
/// a new String.
final class StringInterner {
  private var slots: [String]
  private let mask: Int

  init(slots: Int = 4096) {
    precondition(slots > 0 && slots & (slots - 1) == 0, "a power of two")
    self.slots = Array(repeating: "", count: slots)
    mask = slots - 1
  }

  /// `nil` when it is not cached; then check the bytes and `add` them.
  func find(_ field: FieldBytes) -> String? {
    guard field.count > 0 else { return nil }
    let slot = index(of: field)
    let isEqual =
      slots[slot].utf8.withContiguousStorageIfAvailable {
        $0.count == field.count && memcmp($0.baseAddress!, field.baseAddress!, field.count) == 0
      } ?? false
    return isEqual ? slots[slot] : nil
  }

  func add(_ field: FieldBytes) -> String {
    let text = String(decoding: field, as: UTF8.self)
    slots[index(of: field)] = text
    return text
  }

  /// FNV-1a.
  private func index(of field: FieldBytes) -> Int {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in field { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return Int(truncatingIfNeeded: hash ^ (hash >> 32)) & mask
  }
}
