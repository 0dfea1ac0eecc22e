import CCurl
import Endpoints
import Glibc

/// How an attempt to hand over one mail ended, as libcurl reports it, and what that means.
struct SMTPExchange {
  var result: CURLcode
  /// The server's last reply code, 0 when there was none.
  var reply: Int
  /// The same with its enhanced code.
  var lastReply: SMTPReply?
  /// The whole mail left; the final dot may have, too.
  var isSent: Bool
  /// Over a connection that was there before.
  var isReused: Bool
  /// libcurl's own words. They identify the step, and are shown only when TLS failed: otherwise
  /// they may contain an address.
  var detail: String
  /// `errno` of a connection that could not be made, otherwise 0.
  var systemError: CInt = 0

  func answer(server: String) -> MailAnswer {
    if result == CURLE_OK { return .accepted }
    if isSent { return afterTheMail }
    if result == CURLE_ABORTED_BY_CALLBACK { return SMTPPool.stopping }
    if let step = refusedStep, 400..<600 ~= reply { return said.answer(to: step) }
    if result == CURLE_LOGIN_DENIED {
      return .away("the mail server \(server) rejects the login: \(said)")
    }
    if let problem = TLSDiagnosis.problem(result, detail) {
      return .away(
        "the mail server \(server) (MONTHCLOSE_SMTP_URL) cannot be used over TLS: \(problem)")
    }
    let why =
      systemError == 0
      ? String(cString: curl_easy_strerror(result))
      : "\(String(cString: strerror(systemError)).lowercased()) (errno \(systemError))"
    return .away("the mail server \(server) could not be used: \(why)")
  }

  /// The server closed a kept connection before this mail was sent completely: worth one try over a
  /// new one. Not after a timeout, which has cost enough time.
  var isStaleConnection: Bool {
    isReused && !isSent && result != CURLE_OK && result != CURLE_OPERATION_TIMEDOUT
      && result != CURLE_ABORTED_BY_CALLBACK
      && (reply < 400 || reply == 421)
  }

  /// Not related to this mail: the next one would fail in the same way.
  var isServerDown: Bool {
    result == CURLE_LOGIN_DENIED
      || (result != CURLE_OK && result != CURLE_ABORTED_BY_CALLBACK && reply == 0)
  }

  /// 354 was the last reply: the connection ended before the decisive one.
  private var afterTheMail: MailAnswer {
    400..<600 ~= reply
      ? said.answer(to: .end)
      : .uncertain("the connection ended after the whole mail was sent: libcurl \(result.rawValue)")
  }

  private var said: SMTPReply { lastReply ?? SMTPReply(reply) }

  /// The command that the server refused.
  private var refusedStep: SMTPStep? {
    [SMTPStep.mail, .recipient, .data].first { detail.hasPrefix("\($0.rawValue) failed") }
  }
}
