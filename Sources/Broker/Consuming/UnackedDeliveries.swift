import DequeModule

/// One frame that settles a delivery, or all up to it.
struct SettleFrame: Equatable {
  var number: UInt64
  var multiple: Bool
  var outcome: Settlement.Outcome
}

/// The deliveries of one channel that the broker still counts as ours, and which of them are to be
/// settled. Answers with the fewest frames.
struct UnackedDeliveries {
  private enum Entry { case open, acknowledge, requeue, sent }
  /// From the lowest tag on that is not sent.
  private var entries: Deque<Entry> = []
  private var firstNumber: UInt64 = 1
  /// Decided and kept back until the deliveries before them are decided too.
  private(set) var heldBack = 0
  private(set) var open = 0

  init() {}

  /// Tags of a channel come in order.
  mutating func delivered(_ number: UInt64) {
    if entries.isEmpty { firstNumber = number }
    entries.append(.open)
    open += 1
  }

  /// A tag that is not open is ignored: settled twice, or never delivered.
  mutating func settle(_ number: UInt64, _ outcome: Settlement.Outcome) {
    guard number >= firstNumber, number - firstNumber < UInt64(entries.count) else { return }
    let index = Int(number - firstNumber)
    guard entries[index] == .open else { return }
    entries[index] = outcome == .acknowledge ? .acknowledge : .requeue
    open -= 1
    heldBack += 1
  }

  /// Already settled by other means.
  mutating func forget(_ number: UInt64) {
    guard number >= firstNumber, number - firstNumber < UInt64(entries.count) else { return }
    let index = Int(number - firstNumber)
    if entries[index] == .open { open -= 1 }
    entries[index] = .sent
  }

  /// Frames for the decided deliveries that nothing open comes before.
  mutating func takeContiguous() -> [SettleFrame] {
    var frames: [SettleFrame] = []
    while let first = entries.first, first != .open {
      if let outcome = outcome(of: first) {
        heldBack -= 1
        if let last = frames.last, last.outcome == outcome {
          frames[frames.count - 1].number = firstNumber
          frames[frames.count - 1].multiple = true
        } else {
          frames.append(SettleFrame(number: firstNumber, multiple: false, outcome: outcome))
        }
      }
      entries.removeFirst()
      firstNumber += 1
    }
    return frames
  }

  /// Frames for all decided deliveries, one each where an open one comes before.
  mutating func takeAll() -> [SettleFrame] {
    var frames = takeContiguous()
    guard heldBack > 0 else { return frames }
    for index in entries.indices {
      guard let outcome = outcome(of: entries[index]) else { continue }
      let number = firstNumber + UInt64(index)
      frames.append(SettleFrame(number: number, multiple: false, outcome: outcome))
      entries[index] = .sent
    }
    heldBack = 0
    return frames
  }

  private func outcome(of entry: Entry) -> Settlement.Outcome? {
    switch entry {
    case .acknowledge: .acknowledge
    case .requeue: .requeue
    case .open, .sent: nil
    }
  }
}
