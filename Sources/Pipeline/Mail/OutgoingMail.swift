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
  /// Not now and not later: this mail must not be sent again unchanged.
  case refused(String)
  /// Not now: the server is away, busy, or wants something of us that has nothing to do with this
  /// mail (a login, another sender).
  case later(String)
  /// The connection ended after the whole mail was sent and before the server's answer: it has the
  /// mail or it has not. A resend under the same Message-ID is the only way on.
  case uncertain(String)
}
