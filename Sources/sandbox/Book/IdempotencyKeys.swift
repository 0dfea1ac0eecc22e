import Billing
import DequeModule

/// The answer to the first request with a key; small, because one is kept for every charge.
struct StoredAnswer: Sendable, Equatable {
  /// 200, 402 or 500.
  var status: UInt16
  var intent: Int32?
  /// The charge the answer reported; the intent may have been charged again since.
  var charge: Int32?
  var request: Int64
}

/// Stripe's rules for idempotency keys, and nothing else.
///
/// The first answer to a key is kept and replayed, even a 500; a key in use is a conflict; a key
/// with other parameters is an error; a key is forgotten after 24 hours and then executes again.
struct IdempotencyKeys: Sendable {
  enum Verdict: Equatable {
    case execute
    case replay(StoredAnswer)
    case inUse
    case otherParameters
  }

  private struct Entry {
    var fingerprint: UInt64
    var stored: Instant
    var answer: StoredAnswer
  }

  static let lifetimeHours: Int64 = 24

  private var entries: [String: Entry] = [:]
  private var inUse: Set<String> = []
  /// Keys in the order they were stored, to forget the old ones without a search.
  private var order: Deque<String> = []

  var count: Int { entries.count }

  /// What to do with a request with this key; `.execute` if the key is unknown.
  func verdict(_ key: String, fingerprint: UInt64, at now: Instant) -> Verdict {
    if inUse.contains(key) { return .inUse }
    guard let entry = entries[key], !expired(entry, at: now) else { return .execute }
    return entry.fingerprint == fingerprint ? .replay(entry.answer) : .otherParameters
  }

  mutating func begin(_ key: String) { inUse.insert(key) }

  mutating func finish(_ key: String) { inUse.remove(key) }

  mutating func store(_ answer: StoredAnswer, for key: String, fingerprint: UInt64, at now: Instant)
  {
    forgetOld(at: now)
    let entry = Entry(fingerprint: fingerprint, stored: now, answer: answer)
    if entries.updateValue(entry, forKey: key) == nil { order.append(key) }
  }

  mutating func forgetAll() {
    entries.removeAll()
    order.removeAll()
  }

  private func expired(_ entry: Entry, at now: Instant) -> Bool {
    now >= entry.stored.adding(seconds: Self.lifetimeHours * 3_600)
  }

  private mutating func forgetOld(at now: Instant) {
    while let oldest = order.first {
      if let entry = entries[oldest], !expired(entry, at: now) { return }
      entries[oldest] = nil
      order.removeFirst()
    }
  }
}
