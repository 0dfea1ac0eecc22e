import Billing
import Broker
import Ledger
import Services

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
