import Billing

/// A mail as it is handed to the mail server.
public struct OutgoingMail: Sendable, Equatable {
  /// `billing@example.com` or `Example Cloud <billing@example.com>`.
  public var from: String
  /// The bare address.
  public var to: String
  public var toName: String
  public var subject: String
  /// The same on every resend: the only way for a receiver to recognise a mail sent twice.
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

/// What is known about a mail after the attempt to hand it over. The texts name reply codes and
/// protocol steps, never an address.
public enum MailAnswer: Sendable, Equatable {
  /// The server has accepted it and takes responsibility for it.
  case accepted
  /// The recipient's address is at fault: it will never work.
  case refused(String)
  /// Not now, and perhaps only this mail or its recipient: a full mailbox, greylisting.
  case later(String)
  /// The server would say the same about the next mail: a policy, a quota, an unacceptable sender.
  case denied(String)
  /// The server cannot be reached or used: no connection, no TLS, no login.
  case away(String)
  /// Nothing was handed over, for a reason on our side.
  case notSent(String)
  /// The connection ended after the whole mail was sent but before the server's answer, so the
  /// server may or may not have it. The only option is to resend it under the same Message-ID.
  case uncertain(String)

  public var isUncertain: Bool { if case .uncertain = self { true } else { false } }
}
