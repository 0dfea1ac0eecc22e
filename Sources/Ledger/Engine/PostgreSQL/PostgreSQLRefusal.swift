/// Why no connection could be made. libpq gives no code here, only words, in English if the server
/// uses it. TLS problems are worded as for the other connections, and waited for like them, because
/// a certificate may be renewed while services run. Unusable files of ours are not waited for.
struct PostgreSQLRefusal {
  private let url: PostgreSQLURL
  private let text: String
  /// What is wrong with the server's certificate; libpq does not say.
  private let certificateFault: () -> String?

  init(_ message: String, _ url: PostgreSQLURL, certificateFault: @escaping () -> String?) {
    self.url = url
    text = message.split(separator: "\n").joined(separator: "; ")
    self.certificateFault = certificateFault
  }

  var error: StoreError {
    if let why = faultOfTLS {
      return .unreachable("\(url.place) cannot be used over TLS: \(why)\(ofEachHost)")
    }
    if let setting = badFile {
      return .invalid("\(url.place): \(setting): \(firstWords)")
    }
    if Self.lasting.contains(where: text.contains) {
      return .invalid("\(url.place): \(text)\(perhapsOfAnotherUser)")
    }
    return .unreachable("\(url.place): \(text)")
  }

  /// Problems that waiting cannot fix.
  private static let lasting = [
    "password authentication failed", "certificate authentication failed", "no password supplied",
    "does not exist", "no pg_hba.conf entry", "is not permitted to log in", "permission denied",
    "unsupported startup parameter", "no such database",
  ]

  private var faultOfTLS: String? {
    if text.contains("SSL error: certificate verify failed") {
      return "its certificate \(certificateFault() ?? "cannot be verified")"
    }
    if text.contains("does not match host name") {
      return "its certificate is not for \(url.host)"
    }
    if text.contains("server does not support SSL") { return "it does not use TLS on that port" }
    if text.contains("requires a valid client certificate") {
      return "it requires a client certificate, but sslcert "
        + (url.certificate.map { "\($0) does not exist" } ?? "names none")
    }
    if isAlertAboutOurs { return "it rejects our certificate (sslcert): \(lastWords)" }
    return nil
  }

  private var isAlertAboutOurs: Bool {
    text.contains(" alert ") && (text.contains("certificate") || text.contains("unknown ca"))
  }

  /// The parameter of the URL that names a file libpq cannot use.
  private var badFile: String? {
    [
      ("root certificate file", "sslrootcert"), ("private key file", "sslkey"),
      ("certificate file", "sslcert"),
    ].first { text.contains($0.0) }?.1
  }

  /// The server reports a certificate for another user as a wrong password.
  private var perhapsOfAnotherUser: String {
    text.contains("authentication failed") && url.certificate != nil
      ? " (or the certificate in sslcert is for another user)" : ""
  }

  /// For several hosts, each one's fault in libpq's words.
  private var ofEachHost: String {
    text.matches(of: /connection to server/).count > 1 ? " (\(text))" : ""
  }

  private var lastWords: Substring { text.suffix(after: "SSL error: ") }
  /// libpq goes on to recommend that nothing be verified.
  private var firstWords: Substring {
    text.suffix(after: "failed: ").prefix(before: "; Either provide the file")
  }
}

extension StringProtocol where SubSequence == Substring {
  /// All of it where the words are not there.
  fileprivate func suffix(after words: String) -> Substring {
    firstRange(of: words).map { self[$0.upperBound...] } ?? self[...]
  }

  fileprivate func prefix(before words: String) -> Substring {
    firstRange(of: words).map { self[..<$0.lowerBound] } ?? self[...]
  }
}
