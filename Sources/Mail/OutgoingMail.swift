import Billing

/// A mail as it is handed to the mail server.
public struct OutgoingMail: Sendable, Equatable {
  /// `billing@example.com` or `Example Cloud <billing@example.com>`.
  public var from: String
  /// The bare address.
  public var to: String
  public var toName: String
  public var subject: String
  /// The same on every resend: the one thing by which a receiver can tell a mail sent twice.
  public var messageID: String
  public var text: String
  public var html: String
  public var date: Instant

  public init(
    from: String, to: String, toName: String, subject: String, messageID: String, text: String,
    html: String, date: Instant
  ) {
    self.from = from
    self.to = to
    self.toName = toName
    self.subject = subject
    self.messageID = messageID
    self.text = text
    self.html = html
    self.date = date
  }
}

/// What is known of a mail after the attempt to hand it over. The texts name reply codes and steps
/// of the protocol, never an address.
public enum MailAnswer: Sendable, Equatable {
  /// The server has it and answers for it.
  case accepted
  /// The recipient's address is at fault: not now and not later.
  case refused(String)
  /// Not now, and it may be this mail or its recipient alone: a full mailbox, greylisting.
  case later(String)
  /// The server would say the same of the next mail: a policy, a quota, another sender wanted.
  case denied(String)
  /// The server cannot be reached or used: no connection, no TLS, no login.
  case away(String)
  /// Nothing was handed over, for a reason of our own.
  case notSent(String)
  /// The connection ended after the whole mail was sent and before the server's answer: it has the
  /// mail or it has not. A resend under the same Message-ID is the only way on.
  case uncertain(String)

  public var isUncertain: Bool { if case .uncertain = self { true } else { false } }
}
