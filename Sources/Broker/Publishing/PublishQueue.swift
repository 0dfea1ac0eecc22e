/// Messages handed in and not yet written, first come first served.
struct PublishQueue {
  private var batches: [PublishBatch] = []
  private var head = 0
  private var index = 0

  var isEmpty: Bool { head == batches.count }

  mutating func append(_ batch: PublishBatch) {
    if !batch.messages.isEmpty { batches.append(batch) }
  }

  /// The next message that still waits for a result; its deadline may have ended before it was
  /// written.
  mutating func next() -> (PublishBatch, Int)? {
    while head < batches.count {
      let batch = batches[head]
      defer { advance(batch) }
      if batch.isOpen(index) { return (batch, index) }
    }
    return nil
  }

  /// Forgets batches whose deadline ended, so that nothing piles up while nothing can be written.
  mutating func dropFinished() {
    while head < batches.count, batches[head].isFinished {
      index = batches[head].messages.count - 1
      advance(batches[head])
    }
  }

  /// Gives results to messages that wait here; `nil` leaves one waiting.
  func resolveAll(_ result: (OutgoingMessage) -> PublishResult?) {
    for (place, batch) in batches[head...].enumerated() {
      for index in (place == 0 ? self.index : 0)..<batch.messages.count {
        if let result = result(batch.messages[index]) { batch.resolve(index, result) }
      }
    }
  }

  private mutating func advance(_ batch: PublishBatch) {
    index += 1
    guard index == batch.messages.count else { return }
    index = 0
    head += 1
    if head == batches.count || head > 256 {
      batches.removeFirst(head)
      head = 0
    }
  }
}
