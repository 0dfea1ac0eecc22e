import Billing

/// An external system that a service calls, with the words used to report a pause.
struct Partner: Sendable {
  /// `charging pauses`
  var pausing: String
  /// `the gateway answers again`
  var isBack: String
  /// The reason of a message that is waiting for the partner.
  var reasons: [FaultReason]
  /// What `/readyz` may name.
  var parts: [ServiceHealth.Part]
  var part: @Sendable (FaultReason) -> ServiceHealth.Part

  static let gateway = Partner(
    pausing: "charging pauses", isBack: "the gateway answers again",
    reasons: [.gatewayBusy, .gatewayUnknown], parts: [.gateway, .gatewayKey],
    part: { $0 == .gatewayUnauthorized ? .gatewayKey : .gateway })

  static let mailServer = Partner(
    pausing: "mailing pauses", isBack: "the mail server accepts mails again",
    reasons: [.mailLater, .mailDenied, .mailUnreachable], parts: [.mailServer],
    part: { _ in .mailServer })
}
