import Billing
import Broker
import Ledger

/// A job with its outcome.
struct JobResult: Sendable {
  var job: Job
  var outcome: Outcome

  init(_ job: Job, _ outcome: Outcome) {
    self.job = job
    self.outcome = outcome
  }

  var isDone: Bool {
    if case .done = outcome { true } else { false }
  }

  var isHeld: Bool {
    if case .hold = outcome { true } else { false }
  }

  var events: [StoredEvent] {
    if case .done(let events) = outcome { events } else { [] }
  }

  var fault: Fault? {
    switch outcome {
    case .done: nil
    case .later(let fault), .dead(let fault), .hold(let fault), .putOff(let fault, _): fault
    }
  }

  var explanation: String {
    fault?.explanation ?? "done"
  }

  /// A message that leaves its queue without being done.
  var departure: FailedDelivery? {
    switch outcome {
    case .done, .hold: nil
    case .later(let fault):
      FailedDelivery(
        delivery: job.delivery, history: job.history, fault: fault, final: false,
        trace: job.event.trace)
    case .putOff(let fault, let delay):
      FailedDelivery(
        delivery: job.delivery, history: job.history, fault: fault, final: false,
        putOff: delay, trace: job.event.trace)
    case .dead(let fault):
      FailedDelivery(
        delivery: job.delivery, history: job.history, fault: fault, final: true,
        trace: job.event.trace)
    }
  }
}

struct FailedDelivery: Sendable {
  var delivery: Delivery
  var history: FailureHistory
  var fault: Fault
  /// No retry can help: it goes to the dead letters at once.
  var final: Bool
  /// How long it is put off without counting as a retry.
  var putOff: Duration?
  /// `nil` if the message could not be read.
  var trace: TraceContext?
}

extension Outcome {
  var isPutOff: Bool {
    if case .putOff = self { true } else { false }
  }
}

extension Fault {
  static let stopped = Fault(.storeUnavailable, "stopping")
}

extension Backoff {
  /// 0.25 s, 0.5 s, 1 s … 15 s. Not spread: a simulated run must be the same every time.
  static var ofService: Backoff { Backoff(floor: .milliseconds(250), ceiling: .seconds(15)) }
}

extension FaultReason {
  /// The missing part when all messages are held for this reason.
  var part: ServiceHealth.Part? {
    switch self {
    case .storeUnavailable: .store
    case .gatewayUnauthorized: .gatewayKey
    case .gatewayUnreachable: .gateway
    case .gatewayUnlisted, .ledgerForgot: .chargeHistory
    default: nil
    }
  }

  /// The gate's words are reasons as well; a test keeps the two lists in step.
  init(_ fault: MessageFault) {
    self = FaultReason(rawValue: fault.reason) ?? .invalidField
  }
}
