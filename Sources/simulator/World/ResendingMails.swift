import Billing
import Ledger
import Operations
import Services

/// What an operator does about mails that were given up, once the mail server is well again.
extension Simulation {
  /// For so long after it took a mail a server counts as one that works (docs/mail.md), by clocks
  /// that differ.
  private static let worksFor = 2 * 3_600_000 + 2 * largestClockOffset

  /// `closectl mail resend`. I13: a mail is given up only while the server took others.
  func resendMails() async throws {
    var question = MailQuestion(period: Self.period)
    question.state = .refused
    let resend = MailResend(
      store: store, broker: broker, clock: LedgerClock { [self] in time }, logger: logger)
    for mail in try await store.mailList(question) where !post.refused.contains(mail.serverID) {
      if let fault = faultOfGivingUp(mail) { fail("I13", "\(mail.messageID) \(fault)") }
      let order = MailResend.Order(operatorName: "operator", reason: "a test")
      let objection = try await resend.resend(mail, order)
      note("operator", "resends \(mail.messageID): \(objection ?? "handed to the mailer")")
    }
  }

  private func faultOfGivingUp(_ mail: MailRecord) -> String? {
    if let gap = post.lastDenial[mail.serverID] {
      return gap > Self.worksFor ? "was given up, and the server took none for \(gap) ms" : nil
    }
    let tries = post.putOff[mail.serverID, default: 0]
    if tries >= settings.retryDelays.count { return nil }
    return "was given up after \(tries) tries: \(mail.reason ?? "no reason")"
  }
}

extension MailRecord {
  /// Its Message-ID as the mail server has it.
  var serverID: String { "\(messageID)@month-close.example" }
}
