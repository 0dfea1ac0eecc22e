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

/// A mail server's reply without its words, which may hold an address: RFC 5321's code, and RFC
/// 3463's where the server gives one.
struct SMTPReply: Sendable, Equatable {
  struct EnhancedCode: Sendable, Equatable, Hashable {
    var status: Int
    var subject: Int
    var detail: Int
  }

  var code: Int
  var enhanced: EnhancedCode?

  init(_ code: Int, _ enhanced: EnhancedCode? = nil) {
    self.code = code
    self.enhanced = enhanced
  }

  /// Reads `550 5.1.1 No such user` and `550-5.1.1 …`; `nil` for anything that is not a reply.
  init?(line: some Collection<UInt8>) {
    let digits = line.prefix(3)
    let rest = line.dropFirst(3)
    guard digits.count == 3, let code = Int(String(decoding: digits, as: UTF8.self)),
      200..<600 ~= code
    else { return nil }
    self.code = code
    guard [UInt8(ascii: " "), UInt8(ascii: "-")].contains(rest.first) else { return }
    enhanced = EnhancedCode(rest.dropFirst(), of: code)
  }
}

extension SMTPReply.EnhancedCode {
  /// `nil` unless the text begins with a code of the same class as the reply.
  fileprivate init?(_ text: some Collection<UInt8>, of code: Int) {
    let word = text.prefix { $0 == UInt8(ascii: ".") || 0x30...0x39 ~= $0 }
    let parts = word.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
      .map { $0.count <= 3 ? Int(String(decoding: $0, as: UTF8.self)) : nil }
    guard parts.count == 3, let status = parts[0], let subject = parts[1], let detail = parts[2],
      status == code / 100
    else { return nil }
    self.init(status: status, subject: subject, detail: detail)
  }
}

extension SMTPReply: CustomStringConvertible {
  /// `550 5.1.1`
  var description: String { enhanced.map { "\(code) \($0)" } ?? "\(code)" }
}

extension SMTPReply.EnhancedCode: CustomStringConvertible {
  /// `5.1.1`
  var description: String { "\(status).\(subject).\(detail)" }
}

/// The command that a mail server refused.
enum SMTPStep: String, Sendable, CaseIterable {
  case mail = "MAIL"
  case recipient = "RCPT"
  case data = "DATA"
  case end = "the end of the mail"
}

/// What a refusal means for the mail and for those after it. docs/mail.md has the same tables; a
/// test keeps them in step.
extension SMTPReply {
  /// RFC 3463: the recipient's address itself is at fault, and no later attempt can help. Nothing
  /// else is final: people correct policies, quotas and logins, and mailboxes get emptied.
  static let recipientsFault: [EnhancedCode] = [
    .init(status: 5, subject: 1, detail: 1),  // no such mailbox
    .init(status: 5, subject: 1, detail: 2),  // no such domain
    .init(status: 5, subject: 1, detail: 3),  // no valid address
    .init(status: 5, subject: 1, detail: 4),  // ambiguous address
    .init(status: 5, subject: 1, detail: 6),  // the mailbox has moved
    .init(status: 5, subject: 1, detail: 10),  // the domain takes no mail: RFC 7505's null MX
  ]

  /// Codes with which a server requires a login, or a different one.
  private static let login = [530, 534, 535, 538]

  func answer(to step: SMTPStep) -> MailAnswer {
    let why = "\(self) to \(step.rawValue)"
    if code == 421 { return .away("the mail server is closing the connection: \(why)") }
    if Self.login.contains(code) { return .away("the mail server requires a login: \(why)") }
    if isAboutSize { return .later(why) }
    if step == .mail { return .denied(why) }
    guard let enhanced else { return isAmbiguous(step) ? .later(why) : .denied(why) }
    if Self.recipientsFault.contains(enhanced) { return .refused(why) }
    return Self.isOfThisMail(enhanced) ? .later(why) : .denied(why)
  }

  private var isAboutSize: Bool {
    code == 552 && enhanced?.subject != 7 || enhanced?.subject == 3 && enhanced?.detail == 4
  }

  /// About the recipient's mailbox, its domain's routing, or the contents of the mail. Codes about
  /// the sender's address (x.1.7, x.1.8), the server itself (x.3), quotas and congestion (x.4), the
  /// protocol (x.5) and policy (x.7) would apply to the next mail as well.
  private static func isOfThisMail(_ code: EnhancedCode) -> Bool {
    switch code.subject {
    case 1: ![7, 8].contains(code.detail)
    case 2, 6: true
    case 4: [1, 4].contains(code.detail)
    default: false
    }
  }

  /// Without an enhanced code, "mailbox unavailable" may mean a full mailbox, an unknown one or a
  /// policy, and 4xx may mean anything.
  private func isAmbiguous(_ step: SMTPStep) -> Bool {
    code < 500 || step == .recipient && [550, 551, 553].contains(code)
  }
}
