import Billing

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

/// Everything that can go wrong or come in between, by the name under which its hits are counted.
enum SimulatedFault: String, CaseIterable, Sendable {
  // The processes
  case crashAtBoundary = "crash at a boundary"
  case killed = "killed at any moment"
  case frozen = "stopped, superseded, continued"
  case clockJump = "clock jumps"
  // The ledger
  case storeSlow = "store answers late"
  case staleRead = "account moved after it was read"
  case storeFull = "store full or away"
  // The broker
  case publishDropped = "publish dropped, unconfirmed"
  case confirmLost = "confirm lost"
  case publishSlow = "publish delayed"
  case acknowledgementLost = "acknowledgement lost"
  case connectionLost = "connection lost"
  case duplicated = "delivered twice"
  case overtaken = "overtaken by later messages"
  case brokerAway = "broker away"
  case brokerBlocked = "broker takes nothing"
  case bindingsGone = "bindings gone"
  case junk = "message that is none of ours"
  case forged = "forged message of any type"
  // The payment gateway
  case gatewaySlow = "gateway slow"
  case requestLost = "request lost"
  case chargedUnheard = "charged, answer lost"
  case serverErrorCharged = "charged, 500 stored"
  case serverErrorLost = "not charged, 500 stored"
  case executedLate = "executed after the caller gave up"
  case gatewayBusy = "409 in progress"
  case throttled = "429 slow down"
  case unauthorized = "401 for everything"
  case lieCharged = "charged, something else answers"
  case lieLost = "not charged, something else answers"
  case implausible = "answer about something else"
  case lookupFailed = "lookup without an answer"
  case listFailed = "list without an answer"
  case lookupBehind = "lookup behind the truth"
  // The mail server
  case mailSlow = "mail server slow"
  case mailLater = "mail put off (4xx)"
  case mailRefused = "mail refused for its recipient (5.1.1)"
  case mailDenied = "mail server refuses everybody (5.7.1)"
  case mailCutDelivered = "cut after the mail, delivered"
  case mailCutLost = "cut after the mail, lost"
  // What people do meanwhile
  case payment = "payment arrives"
  case meantime = "payment between read and commit"
  case credit = "credit is granted"
  case repeatedCommand = "operator repeats a command"
  case commandKilled = "operator's command killed after its commit"
  case secondTrigger = "close started again"
  case lateUsage = "usage arrives late"
  case wrongMonth = "trigger for a month nobody meant"
  case restored = "ledger put back from a backup"
  case byHand = "payment taken by hand at the gateway"
  case lateAccount = "account imported after the start"

  /// How often at most it strikes where it is drawn at every call, in millionths; 0 for what is
  /// planned for certain moments.
  var highestChance: Int {
    switch self {
    case .crashAtBoundary: 6_000
    case .storeSlow: 80_000
    case .storeFull: 8_000
    case .publishDropped, .confirmLost: 40_000
    case .publishSlow: 100_000
    case .acknowledgementLost: 20_000
    case .overtaken: 50_000
    case .commandKilled: 500_000
    case .meantime: 60_000
    case .gatewaySlow: 200_000
    case .requestLost, .chargedUnheard, .serverErrorCharged, .serverErrorLost: 60_000
    case .executedLate, .gatewayBusy, .throttled, .lookupFailed: 60_000
    case .listFailed: 300_000
    case .lookupBehind: 200_000
    case .lieCharged, .lieLost: 40_000
    case .implausible: 10_000
    case .mailSlow: 200_000
    case .mailLater, .mailCutDelivered, .mailCutLost: 50_000
    case .mailRefused: 15_000
    default: 0
    }
  }

  /// How many of it are planned at most for one bout of faults.
  var mostPlanned: Int {
    switch self {
    case .killed: 6
    case .mailDenied: 1
    case .frozen, .clockJump, .brokerAway, .brokerBlocked, .bindingsGone, .unauthorized: 2
    case .connectionLost: 4
    case .duplicated, .forged: 12
    case .payment, .credit, .lateUsage, .junk: 3
    case .repeatedCommand, .byHand: 2
    case .secondTrigger, .wrongMonth, .lateAccount: 2
    default: 0
    }
  }
}
