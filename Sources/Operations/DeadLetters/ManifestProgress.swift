import Ledger
import Synchronization

/// The letters of a manifest while it is carried out, as the ledger has them.
final class ManifestProgress: Sendable {
  private let letters: Mutex<[String: ManifestLetter]>

  init(_ letters: [ManifestLetter]) {
    self.letters = Mutex(Dictionary(letters.map { ($0.letter, $0) }) { first, _ in first })
  }

  var rows: [String: ManifestLetter] { letters.withLock { $0 } }
  var all: [ManifestLetter] { rows.values.sorted { $0.letter < $1.letter } }
  var count: Int { letters.withLock { $0.count } }
  var openQueues: [String] { Set(rows.values.filter(\.isOpen).map(\.queue)).sorted() }
  var moved: Int {
    letters.withLock { rows in
      rows.values.count { $0.state == .published || $0.state == .removed }
    }
  }

  func isOpen(_ queue: String) -> Bool {
    letters.withLock { rows in rows.values.contains { $0.queue == queue && $0.isOpen } }
  }

  func set(_ ids: Set<String>, _ state: ManifestLetter.State) {
    letters.withLock { rows in
      for id in ids { rows[id]?.state = state }
    }
  }

  /// Those in one state become another, once `record` has written it down.
  func take(
    _ state: ManifestLetter.State, to next: ManifestLetter.State, in queue: String?,
    _ record: ([String]) async throws -> Void
  ) async throws {
    let ids = rows.values.filter { $0.state == state && (queue == nil || $0.queue == queue) }
      .map(\.letter).sorted()
    if ids.isEmpty { return }
    try await record(ids)
    set(Set(ids), next)
  }
}
