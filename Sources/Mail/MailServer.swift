import Billing
import Endpoints
import Logging

/// Where mails go: functions, so that a simulated server needs no protocol.
public struct MailServer: Sendable {
  /// Hands mails over. Returns when nothing more is heard of any: at the latest after the mails'
  /// deadlines, and soon after its task is cancelled.
  public var deliver: @Sendable ([OutgoingMail], MailCalls) async -> Void
  /// Lets mails in progress finish, answers waiting ones with `notSent`, and closes the
  /// connections.
  public var shutdown: @Sendable () async -> Void

  public init(
    deliver: @escaping @Sendable ([OutgoingMail], MailCalls) async -> Void,
    shutdown: @escaping @Sendable () async -> Void
  ) {
    self.deliver = deliver
    self.shutdown = shutdown
  }
}

/// What the sender of several mails is called about, by their indices: on any thread, which must
/// not be kept waiting.
public struct MailCalls: Sendable {
  /// Asked right before a mail leaves. If it says no, the mail does not leave and has no answer.
  public var mayLeave: @Sendable (Int) -> Bool
  /// Once for each mail, as soon as its answer is there.
  public var heard: @Sendable (Int, MailAnswer) -> Void

  public init(
    mayLeave: @escaping @Sendable (Int) -> Bool = { _ in true },
    heard: @escaping @Sendable (Int, MailAnswer) -> Void
  ) {
    self.mayLeave = mayLeave
    self.heard = heard
  }
}

extension MailServer {
  /// A server that speaks SMTP. `smtps://` is TLS from the first byte; over `smtp://` nothing
  /// leaves this machine without STARTTLS, unless plaintext is allowed; a password not even then.
  /// Certificates are always verified, against `caFile` or the system's authorities.
  ///
  /// Nothing is connected yet. Throws `MailServerError` for a URL or file that cannot be used.
  public static func smtp(
    url: String, caFile: String? = nil, allowsPlaintext: Bool = false, connections: Int,
    logger: Logger
  ) throws -> MailServer {
    let server = try server(url, caFile)
    let pool = SMTPPool(
      server: server, trust: SMTPTrust(caFile: caFile, allowsPlaintext: allowsPlaintext),
      connections: max(connections, 1), logger: logger)
    return MailServer(
      deliver: { await pool.deliver($0, $1) }, shutdown: { await pool.shutdown() })
  }

  /// Tests, without sending a mail, whether one could be handed over: connects, encrypts and logs
  /// in as for a mail. Returns the problem, or `nil` if there is none.
  public static func problem(url: String, caFile: String?, allowsPlaintext: Bool) async throws
    -> String?
  {
    let server = try server(url, caFile)
    let trust = SMTPTrust(caFile: caFile, allowsPlaintext: allowsPlaintext)
    return await withCheckedContinuation { continuation in
      DedicatedThread.start {
        let connection = SMTPConnection(
          server: server, trust: trust, timeouts: SMTPTimeouts(mailMilliseconds: 10_000),
          logger: Logger(label: "mailer") { _ in SwiftLogNoOpLogHandler() })
        let answer = connection.greet()
        connection.close()
        continuation.resume(returning: answer)
      }
    }
  }

  private static func server(_ url: String, _ caFile: String?) throws -> ServerURL {
    guard let server = ServerURL(url), ["smtp", "smtps"].contains(server.scheme) else {
      throw MailServerError.badURL(Redaction.printable(Redaction.withoutPassword(url)))
    }
    if let caFile, !TLSDiagnosis.isCertificateFile(caFile) {
      throw MailServerError.badCAFile(Redaction.printable(caFile))
    }
    return server
  }
}

public enum MailServerError: Error, Equatable, CustomStringConvertible {
  case badURL(String)
  case badCAFile(String)

  public var description: String {
    switch self {
    case .badURL(let found):
      "the mail server's URL: expected smtp://host:port or smtps://…, found \"\(found)\""
    case .badCAFile(let file):
      "MONTHCLOSE_SMTP_CA_FILE: expected a file with PEM certificates, found \"\(file)\""
    }
  }
}

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

/// An e-mail address with an optional name for people to read.
public struct Mailbox: Sendable, Equatable {
  let name: String
  let address: EmailAddress

  init(name: String, address: EmailAddress) {
    self.name = name
    self.address = address
  }

  /// Reads `billing@example.com` or `Example Cloud <billing@example.com>`. `nil` when the address
  /// is not one.
  public init?(_ text: String) {
    let bare: String
    if let open = text.lastIndex(of: "<"), text.last == ">" {
      bare = String(text[text.index(after: open)...].dropLast())
      name = String(text[..<open].reversed().drop { $0 == " " }.reversed())
    } else {
      bare = text
      name = ""
    }
    guard let address = EmailAddress(bare) else { return nil }
    self.address = address
  }
}
