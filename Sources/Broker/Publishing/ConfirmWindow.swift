import DequeModule

/// The messages written on a channel and not yet confirmed, in the order of their tags.
struct ConfirmWindow<Message> {
  private struct Entry {
    var message: Message
    var writtenAt: ContinuousClock.Instant
    var returned: PublishResult?
    /// A return may belong to this one, or to an earlier copy of the same message.
    var isDoubtful = false

    func result(taken: Bool) -> PublishResult {
      if let returned { return returned }
      if isDoubtful, taken { return .unknown("this message, or a copy of it, came back") }
      return taken ? .confirmed : .refused
    }
  }
  /// From the lowest open tag on; `nil` is confirmed out of its turn.
  private var entries: Deque<Entry?> = []
  private var firstTag: UInt64 = 1
  private(set) var count = 0

  init() {}

  mutating func add(_ message: Message, at now: ContinuousClock.Instant = .now) {
    entries.append(Entry(message: message, writtenAt: now))
    count += 1
  }

  /// When the message that has waited longest for its confirm was written.
  var waitingSince: ContinuousClock.Instant? { entries.first??.writtenAt }

  /// A return comes before its confirm and has no tag. The broker returns in publishing order, but
  /// if several copies of a message are open, it is not known whether the first one reached its
  /// queue: then none of the others counts as confirmed.
  mutating func markReturned(_ result: PublishResult, where matches: (Message) -> Bool) {
    var isMarked = false
    for index in entries.indices {
      guard let entry = entries[index], entry.returned == nil, matches(entry.message) else {
        continue
      }
      if isMarked {
        entries[index]?.isDoubtful = true
      } else {
        entries[index]?.returned = result
        isMarked = true
      }
    }
  }

  /// Calls `done` for each message the confirm is about. Tags that are not open are ignored.
  mutating func confirm(
    tag: UInt64, multiple: Bool, taken: Bool, _ done: (Message, PublishResult) -> Void
  ) {
    guard tag >= firstTag, tag - firstTag < UInt64(entries.count) else { return }
    let last = Int(tag - firstTag)
    for index in (multiple ? 0 : last)...last {
      guard let entry = entries[index] else { continue }
      entries[index] = nil
      count -= 1
      done(entry.message, entry.result(taken: taken))
    }
    while let first = entries.first, first == nil {
      entries.removeFirst()
      firstTag += 1
    }
  }

  /// Empties the window for a new channel, whose tags begin at 1 again.
  mutating func removeAll() -> [Message] {
    defer { self = ConfirmWindow() }
    return entries.compactMap { $0?.message }
  }
}
