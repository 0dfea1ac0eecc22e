import CCurl

/// How an attempt to hand over one mail ended, as libcurl tells it, and what that means.
struct SMTPExchange {
  var result: CURLcode
  /// The server's last reply code, 0 when there was none.
  var reply: Int
  /// The whole mail left; the final dot may have, too.
  var isSent: Bool
  /// Over a connection that was there before.
  var isReused: Bool
  /// libcurl's own words; used to tell the step, and shown only where TLS failed: elsewhere they
  /// may hold an address.
  var detail: String

  func answer(server: String) -> MailAnswer {
    if result == CURLE_OK { return .accepted }
    if isSent { return afterTheMail }
    if let step = refusedStep {
      return isAboutThisMail(step) ? .refused("\(reply) to \(step)") : .later("\(reply) to \(step)")
    }
    if result == CURLE_LOGIN_DENIED {
      return .later("the mail server \(server) refuses the login: \(reply)")
    }
    if let problem = TLSLook.problem(result, detail) {
      return .later(
        "the mail server \(server) (MONTHCLOSE_SMTP_URL) cannot be used over TLS: \(problem)")
    }
    let why = String(cString: curl_easy_strerror(result))
    return .later("the mail server \(server) could not be used: \(why)")
  }

  /// The server closed a connection we kept, and this mail was not yet sent whole: worth one try
  /// over a new one. Not after silence, which has cost enough time.
  var isStaleConnection: Bool {
    isReused && !isSent && result != CURLE_OK && result != CURLE_OPERATION_TIMEDOUT
      && (reply < 400 || reply == 421)
  }

  /// Nothing to do with this mail: the next one would fare the same.
  var isServerDown: Bool {
    result == CURLE_LOGIN_DENIED || (result != CURLE_OK && reply == 0)
  }

  /// 354 was the last reply: the connection ended before the one that counts.
  private var afterTheMail: MailAnswer {
    switch reply {
    case 400..<500: .later("\(reply) to the mail's end")
    case 500..<600: .refused("\(reply) to the mail's end")
    default: .uncertain("the connection ended after the mail's end: libcurl \(result.rawValue)")
    }
  }

  /// The command the server said no to.
  private var refusedStep: String? {
    ["MAIL", "RCPT", "DATA"].first { detail.hasPrefix("\($0) failed") }
  }

  /// A "never" that is about the recipient or the text. One about the sender or a missing login
  /// would be the answer to every mail: those wait until somebody has put it right. 552 to MAIL is
  /// about the size.
  private func isAboutThisMail(_ step: String) -> Bool {
    guard 500..<600 ~= reply, ![530, 534, 535, 538].contains(reply) else { return false }
    return step != "MAIL" || reply == 552
  }
}
