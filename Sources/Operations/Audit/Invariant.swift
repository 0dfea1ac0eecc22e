/// What must hold, under the names used in the documentation: `I` always, `L` once the last fault
/// is over.
public enum Invariant: String, Sendable, CaseIterable {
  case balanced = "I1"
  case oneCharge = "I2"
  case oneInvoice = "I3"
  case gatewayEqualsLedger = "I4"
  case oneEnd = "I5"
  case noLoss = "I6"
  case noGhost = "I7"
  case once = "I8"
  case honestDeadLetters = "I9"
  case soundStore = "I10"
  case attempts = "I11"
  case fencing = "I12"
  case mail = "I13"
  case bounded = "I14"
  case authority = "I15"
  case cleanOutput = "I16"
  case replay = "I17"
  case report = "I18"
  case conservation = "I19"
  case memory = "I20"
  case quiet = "L1"
  case consumers = "L2"
  case unknownSettled = "L3"

  public var rule: String {
    switch self {
    case .balanced: "entries balance"
    case .oneCharge: "one charge per invoice"
    case .oneInvoice: "one invoice per account"
    case .gatewayEqualsLedger: "gateway equals ledger"
    case .oneEnd: "one end per account"
    case .noLoss: "no message lost"
    case .noGhost: "no message that was never committed"
    case .once: "every message answered once"
    case .honestDeadLetters: "dead letters for their own fault"
    case .soundStore: "the store is sound"
    case .attempts: "attempts by the rules"
    case .fencing: "a superseded process commits nothing"
    case .mail: "one mail per event"
    case .bounded: "bounded memory and time"
    case .authority: "each change by whom it is for"
    case .cleanOutput: "clean output"
    case .replay: "replays are recorded"
    case .report: "report equals ledger"
    case .conservation: "nothing appears or vanishes"
    case .memory: "no charge is forgotten"
    case .quiet: "quiet by itself"
    case .consumers: "a consumer that stopped is noticed"
    case .unknownSettled: "unknown attempts get settled"
    }
  }

  /// Where it is verified instead; `nil` if an audit can check it.
  var shownElsewhere: String? {
    switch self {
    case .fencing: "needs a process to be stopped and resumed: see the simulation and chaos runs"
    case .bounded: "needs hostile input and measuring: see scripts/e2e/05-bad-input and make bench"
    case .cleanOutput: "needs hostile names: see the tests of mails, tables and logs"
    case .consumers: "concerns running services, not the data they leave behind"
    default: nil
    }
  }
}
