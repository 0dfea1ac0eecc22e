/// A small generator with a fixed sequence per seed (Steele, Lea, Flood 2014), so that a sample is
/// the same on every machine. Not for secrets.
struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// A separate generator for each number, so that account 7 is the same among 10 and among
  /// 100,000.
  init(seed: UInt64, number: Int) {
    var mixed = SplitMix64(seed: seed &+ UInt64(number) &* 0x9E37_79B9_7F4A_7C15)
    state = mixed.next()
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A number in `range`. Plain remainder: its bias does not matter here, and the result does not
  /// depend on how the standard library draws.
  mutating func number(in range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(next() % UInt64(range.count))
  }

  /// True in `thousandths` of a thousand cases.
  mutating func happens(_ thousandths: Int) -> Bool { number(in: 1...1000) <= thousandths }

  mutating func pick<T>(_ list: [T]) -> T { list[number(in: 0...(list.count - 1))] }
}
