import Testing

@testable import Broker

@Suite("Unacked deliveries")
struct UnackedDeliveriesTests {
  private func delivered(_ count: UInt64) -> UnackedDeliveries {
    var tags = UnackedDeliveries()
    for number in 1...count { tags.delivered(number) }
    return tags
  }

  private func frame(
    _ number: UInt64, multiple: Bool = false, _ outcome: Settlement.Outcome = .acknowledge
  ) -> SettleFrame {
    SettleFrame(number: number, multiple: multiple, outcome: outcome)
  }

  @Test
  func `Neighbours are settled with one frame`() {
    var tags = delivered(5)
    for number: UInt64 in [2, 1, 3] { tags.settle(number, .acknowledge) }
    #expect(tags.takeContiguous() == [frame(3, multiple: true)])
    #expect(tags.takeContiguous() == [])
    #expect(tags.open == 2)
  }

  @Test
  func `A settlement behind an open delivery waits and is sent with it`() {
    var tags = delivered(4)
    for number: UInt64 in [3, 4] { tags.settle(number, .acknowledge) }
    #expect(tags.takeContiguous() == [])
    #expect(tags.heldBack == 2)
    for number: UInt64 in [1, 2] { tags.settle(number, .acknowledge) }
    #expect(tags.takeContiguous() == [frame(4, multiple: true)])
    #expect(tags.heldBack == 0)
  }

  @Test
  func `What was held back too long is sent in frames of its own, and only once`() {
    var tags = delivered(5)
    tags.settle(3, .acknowledge)
    tags.settle(5, .requeue)
    #expect(tags.takeAll() == [frame(3), frame(5, .requeue)])
    #expect(tags.heldBack == 0)
    for number: UInt64 in [1, 2, 4] { tags.settle(number, .acknowledge) }
    #expect(tags.takeContiguous() == [frame(4, multiple: true)])
  }

  @Test
  func `Alternating acknowledgements and requeues: a frame for each run`() {
    var tags = delivered(5)
    tags.settle(1, .acknowledge)
    tags.settle(2, .acknowledge)
    tags.settle(3, .requeue)
    tags.settle(4, .requeue)
    tags.settle(5, .acknowledge)
    #expect(
      tags.takeContiguous() == [
        frame(2, multiple: true), frame(4, multiple: true, .requeue), frame(5),
      ])
  }

  @Test
  func `Settled twice, or never delivered: ignored`() {
    var tags = delivered(2)
    tags.settle(1, .acknowledge)
    tags.settle(1, .requeue)
    tags.settle(0, .requeue)
    tags.settle(3, .acknowledge)
    #expect(tags.takeContiguous() == [frame(1)])
    tags.settle(1, .requeue)
    #expect(tags.takeAll() == [])
    tags.forget(2)
    #expect(tags.open == 0)
    #expect(tags.takeAll() == [])
  }

  /// Checks every frame against what the broker does with it.
  @Test
  func `In any order each delivery is settled once, with its own outcome`() {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<200 {
      var tags = UnackedDeliveries()
      var atBroker: Set<UInt64> = []
      var wanted: [UInt64: Settlement.Outcome] = [:]
      var open: [UInt64] = []
      var next: UInt64 = 1
      func broker(_ frames: [SettleFrame]) {
        for frame in frames {
          let covered = frame.multiple ? atBroker.filter { $0 <= frame.number } : [frame.number]
          for number in covered {
            #expect(atBroker.remove(number) != nil)
            #expect(wanted.removeValue(forKey: number) == frame.outcome)
          }
        }
      }
      for _ in 0..<300 {
        switch Int.random(in: 0..<4, using: &generator) {
        case 0:
          tags.delivered(next)
          atBroker.insert(next)
          open.append(next)
          next += 1
        case 1, 2:
          guard let index = open.indices.randomElement(using: &generator) else { continue }
          let number = open.remove(at: index)
          let outcome: Settlement.Outcome = Bool.random(using: &generator) ? .acknowledge : .requeue
          wanted[number] = outcome
          tags.settle(number, outcome)
        default:
          broker(Bool.random(using: &generator) ? tags.takeContiguous() : tags.takeAll())
        }
      }
      broker(tags.takeAll())
      #expect(wanted.isEmpty)
      #expect(atBroker == Set(open))
      #expect(tags.open == open.count)
    }
  }
}
