/// Which faults a simulation has in store, and what was hit. Each seed has a mixture of its own:
/// some kinds not at all, some often, so that rare combinations come up too.
///
/// Unchecked, because it belongs to its simulation's one thread.
final class Faults: @unchecked Sendable {
  /// `false`: healed, nothing strikes.
  var isOn = true
  private(set) var hits: [SimulatedFault: Int] = [:]
  private var chances: [SimulatedFault: Int] = [:]
  private var planned: [SimulatedFault: Int] = [:]
  private var random: SeededGenerator

  init(random: SeededGenerator) {
    self.random = random
    for kind in SimulatedFault.allCases {
      let isIn = self.random.happens(600_000)
      if kind.highestChance > 0 {
        let chance = self.random.number(kind.highestChance / 10...kind.highestChance)
        chances[kind] = isIn ? chance : 0
      } else {
        let count = kind.mostPlanned > 0 ? self.random.number(1...kind.mostPlanned) : 0
        planned[kind] = isIn ? count : 0
      }
    }
  }

  /// Draws whether it strikes here, and counts it.
  func strikes(_ kind: SimulatedFault) -> Bool {
    guard isOn, random.happens(chances[kind] ?? 0) else { return false }
    hit(kind)
    return true
  }

  func hit(_ kind: SimulatedFault) { hits[kind, default: 0] += 1 }

  /// What is planned for one bout, in no particular order.
  var plan: [SimulatedFault] {
    SimulatedFault.allCases.flatMap { [SimulatedFault](repeating: $0, count: planned[$0] ?? 0) }
  }
}
