/// All chance of one simulation (SplitMix64: Steele, Lea, Flood 2014). The same seed draws the
/// same.
struct SeededGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x2545_F491_4F6C_DD1D &+ 0x9E37_79B9_7F4A_7C15 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// Both ends included. The bias of a plain remainder does not matter here.
  mutating func number(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(next() % UInt64(range.count))
  }

  /// True in this many of a million cases.
  mutating func happens(_ millionths: Int) -> Bool {
    millionths > 0 && number(1...1_000_000) <= millionths
  }

  mutating func pick<Element>(_ list: [Element]) -> Element { list[number(0...(list.count - 1))] }

  /// A generator of its own, so that what is drawn from one does not move the other.
  mutating func fork() -> SeededGenerator { SeededGenerator(seed: next()) }
}
