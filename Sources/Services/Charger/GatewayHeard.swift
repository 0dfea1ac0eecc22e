import Billing

/// What an answer shows about the gateway.
extension PartnerPause.Heard {
  init(_ answer: AttemptAnswer) {
    switch answer {
    case .neverMade, .notCalled, .notFoundYet: self = .word
    case .gateway(.succeeded), .gateway(.declined), .gateway(.rejected), .gateway(.implausible),
      .gateway(.inProgress):
      self = .word
    case .gateway(.unknown(let why)): self = .nothingCertain(why)
    case .gateway(.throttled(nil)): self = .nothingCertain("it asks us to slow down")
    case .gateway(.throttled(let seconds?)): self = .later(.gatewayBusy, seconds: seconds)
    case .gateway(.unauthorized(let why)):
      self = .away(.gatewayUnauthorized, "the gateway rejects our key: \(why)")
    case .gateway(.untrusted(let why)): self = .away(.gatewayUnauthorized, why)
    case .gateway(.unreachable(let why)): self = .away(.gatewayUnreachable, why)
    }
  }

  /// Inconclusive answers for five different attempts in a row are the gateway's fault.
  static func nothingCertain(_ why: String) -> Self {
    .doubt(
      .init(
        reason: .gatewayUnknown, why: why, limit: 5,
        ofMany: "answers in a row were inconclusive"))
  }
}

extension PartnerDoor {
  /// What the gateway holds could not be listed.
  func unlisted(_ fault: Fault) {
    let reasons: [FaultReason] = [.gatewayUnreachable, .gatewayUnauthorized, .gatewayUnlisted]
    if reasons.contains(fault.reason) { away(fault) }
  }
}
