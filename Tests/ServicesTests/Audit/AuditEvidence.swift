import Billing
import Ledger
import Testing

@testable import Operations
@testable import Payments
@testable import Services

/// Evidence in which all is right, to be made wrong in one place at a time.
enum Evidence {
  // Constants of the tests.
  // swift-format-ignore: NeverUseForceTry
  static let noon = try! Instant(rfc3339: "2026-12-01T12:00:00Z")
  static let invoice = "2026-11/a"

  static func attempt(
    _ number: Int = 1, _ state: AttemptState = .succeeded, invoice: String = invoice,
    minutes: Int64 = 0, hasDueWork: Bool = false
  ) -> AuditedAttempt {
    let createdAt = noon.adding(seconds: minutes * 60)
    let isSettled = !state.isUnsettled
    return AuditedAttempt(
      invoice: invoice, number: number, key: "month-close/\(invoice)/\(number)",
      amountMinor: 1081, currency: .chf, state: state,
      gatewayID: state == .succeeded ? "pi_\(number)" : nil, createdAt: createdAt,
      settledAt: isSettled ? createdAt.adding(seconds: 1) : nil,
      posted: state == .succeeded ? .init(sequence: 2, amountMinor: 1081) : nil,
      hasDueWork: hasDueWork)
  }

  static func charge(
    _ number: Int = 1, id: String = "ch_1", payment: String? = "pi_1",
    invoice: String? = invoice, amount: Int64 = 1081, refunded: Int64 = 0,
    currency: String = "CHF", state: GatewayCharge.State = .succeeded
  ) -> GatewayCharge {
    GatewayCharge(
      id: id, payment: payment, invoice: invoice, attempt: number, amountMinor: amount,
      refundedMinor: refunded, currency: currency, state: state)
  }

  static func run(_ state: RunState = .closed, expected: Int = 2) -> CloseRun {
    CloseRun(
      period: World.period, state: state, requestedBy: "t", startedAt: noon, closedAt: nil,
      expected: expected, ranges: 1, rangeSize: 50)
  }

  static func mail(
    _ id: String, _ state: MailRecord.State = .sent, isResent: Bool = false
  ) -> AuditedMail {
    AuditedMail(messageID: id, state: state, isResent: isResent)
  }

  static func letter(
    _ reason: String?, attempts: Int = 1
  ) -> QueueContents.DeadLetter {
    QueueContents.DeadLetter(service: .charger, id: "m", reason: reason, attempts: attempts)
  }
}

/// What a check is to say of a piece of evidence: nothing, or an offender that contains this text.
struct CheckCase<Evidence: Sendable>: Sendable, CustomTestStringConvertible {
  var testDescription: String
  var evidence: Evidence
  var offender: String?

  init(_ name: String, _ evidence: Evidence, _ offender: String? = nil) {
    testDescription = name
    self.evidence = evidence
    self.offender = offender
  }
}
