import Billing
import Broker
import Ledger
import Services
import Synchronization

/// What to do with a page of a dead letter queue for a manifest: the pure part. Letters that are
/// not on the manifest, or that arrived after it was frozen, are in none of the lists.
struct ReplayPlan: Sendable {
  /// To be audited first: one copy of each letter.
  var recording: [DeadLetter] = []
  /// To be published, in this order; those to be recorded are among them.
  var publishing: [DeadLetter] = []
  /// To be taken off, once what was published is confirmed.
  var removing: [DeadLetter] = []

  init(_ page: [DeadLetter], rows: [String: ManifestLetter], action: DeadLetterAction) {
    var seen: Set<String> = []
    for letter in page {
      guard let row = rows[letter.id], letter.isThatOf(row) else { continue }
      let isFirstCopy = seen.insert(letter.id).inserted
      switch row.state {
      case .removed, .absent: continue
      case .planned where isFirstCopy: recording.append(letter)
      case .planned, .recorded, .published: break
      }
      if isFirstCopy, row.state != .published, action != .discard { publishing.append(letter) }
      removing.append(letter)
    }
  }
}

extension DeadLetter {
  /// A copy that failed again and came back carries one replay more: it arrived later.
  fileprivate func isThatOf(_ row: ManifestLetter) -> Bool {
    isWhole && replays == row.replays && delivery.queue == row.queue && bodyHash == row.bodyHash
  }
}

extension ManifestLetter {
  /// Neither removed from the dead letters nor found missing there.
  var isOpen: Bool { state != .removed && state != .absent }
}

extension DeadLetterRecord {
  init(_ letter: DeadLetter, _ row: ManifestLetter, of manifest: Manifest, at now: Instant) {
    self.init(
      manifest: manifest, letter: letter.id, at: now, queue: row.queue, messageID: row.messageID,
      bodyHash: row.bodyHash, target: row.target,
      replays: manifest.action == .replay ? row.replays + 1 : 0,
      fault: letter.error.map { "\(letter.reason): \($0)" } ?? letter.reason,
      body: manifest.action == .discard ? letter.delivery.body : nil)
  }
}

extension DeadLetter {
  /// The message as its service first received it: the same id and bytes, without our failure
  /// headers, so that its attempts start again; plus how often it was replayed, and under which
  /// manifest.
  func replayed(under manifest: Manifest) -> OutgoingMessage {
    var headers = Header.carriedOn(delivery.headers).filter { !Header.ofFailure.contains($0.key) }
    headers[Header.replays] = .integer(Int64(replays + 1))
    headers[Header.replayedBy] = .string(manifest.id)
    return OutgoingMessage(
      exchange: MonthClose.exchange, routingKey: MonthClose.replayKey(of: service),
      messageID: messageID, type: delivery.type,
      contentType: delivery.contentType ?? "application/octet-stream", headers: headers,
      body: delivery.body)
  }

  /// `monthclose/replay.charger`
  public var replayTarget: String {
    "\(MonthClose.exchange)/\(MonthClose.replayKey(of: service))"
  }
}

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
