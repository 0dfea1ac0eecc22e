import Endpoints
import Logging

/// Where mails go: functions, so that a simulated server needs no protocol.
public struct MailServer: Sendable {
  /// One answer per mail, in order. Returns at the latest after the mails' deadlines, and soon
  /// after its task is cancelled.
  public var send: @Sendable ([OutgoingMail]) async -> [MailAnswer]
  /// Lets mails in progress finish, answers waiting ones with `notSent`, and closes the
  /// connections.
  public var shutdown: @Sendable () async -> Void

  public init(
    send: @escaping @Sendable ([OutgoingMail]) async -> [MailAnswer],
    shutdown: @escaping @Sendable () async -> Void
  ) {
    self.send = send
    self.shutdown = shutdown
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
    return MailServer(send: { await pool.send($0) }, shutdown: { await pool.shutdown() })
  }

  /// Tests, without sending a mail, whether one could be handed over: connects, encrypts and logs
  /// in as for a mail. Returns the problem, or `nil` if there is none.
  public static func problem(url: String, caFile: String?, allowsPlaintext: Bool) async throws
    -> String?
  {
    let server = try server(url, caFile)
    let trust = SMTPTrust(caFile: caFile, allowsPlaintext: allowsPlaintext)
    return await withCheckedContinuation { continuation in
      OwnThread.start {
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
