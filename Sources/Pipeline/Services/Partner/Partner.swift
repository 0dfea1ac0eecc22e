/// What a service calls outside, in the words in which a pause is told.
struct Partner: Sendable {
  /// `charging pauses`
  var pausing: String
  /// `the gateway answers again`
  var isBack: String
  /// Why a message waits that waits for the partner.
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
