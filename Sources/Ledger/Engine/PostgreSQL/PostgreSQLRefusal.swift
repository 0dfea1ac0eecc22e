import CPostgres
import Glibc

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

/// Examines a server certificate that libpq rejects, because libpq does not give the reason.
///
/// A separate handshake, in which nothing is verified, so nothing is disclosed either: no
/// certificate, no password, and it ends before the user name would be sent.
struct PostgreSQLCertificate {
  private let url: PostgreSQLURL
  private static let seconds = 5.0

  init(_ url: PostgreSQLURL) {
    self.url = url
  }

  /// Words that follow "its certificate"; `nil` if it cannot be examined, or is valid by now.
  func fault() -> String? {
    guard let handle = shakeHands() else { return nil }
    defer { PQfinish(handle) }
    guard let code = verified(handle), code != X509_V_OK else { return nil }
    return words(code)
  }

  private func shakeHands() -> OpaquePointer? {
    let nowhere = "/nonexistent/month-close"
    let handle = PostgreSQLOpening.withParameters(
      url,
      instead: [
        ("sslmode", "require"), ("sslrootcert", nowhere), ("sslcert", nowhere),
        ("sslkey", nowhere), ("password", ""), ("passfile", nowhere), ("gssencmode", "disable"),
      ]
    ) { PQconnectStartParams($0, $1, 1) }
    guard let handle else { return nil }
    let deadline = SteadyClock.seconds() + Self.seconds
    var next = PGRES_POLLING_WRITING
    while next == PGRES_POLLING_READING || next == PGRES_POLLING_WRITING {
      // The handshake is over, and the next step would be to identify ourselves.
      if PQsslInUse(handle) != 0 && PQstatus(handle) == CONNECTION_MADE { return handle }
      guard wait(handle, toRead: next == PGRES_POLLING_READING, until: deadline) else { break }
      next = PQconnectPoll(handle)
    }
    PQfinish(handle)
    return nil
  }

  private func wait(_ handle: OpaquePointer, toRead: Bool, until deadline: Double) -> Bool {
    let left = deadline - SteadyClock.seconds()
    guard left > 0 else { return false }
    var socket = pollfd(
      fd: PQsocket(handle), events: Int16(toRead ? POLLIN : POLLOUT), revents: 0)
    return poll(&socket, 1, Int32(left * 1000)) > 0
  }

  /// OpenSSL's verdict, by the authorities the URL names.
  private func verified(_ handle: OpaquePointer) -> Int32? {
    guard let raw = PQsslStruct(handle, "OpenSSL") else { return nil }
    let ssl = OpaquePointer(raw)
    let certificate = SSL_get1_peer_certificate(ssl)
    let store = X509_STORE_new()
    let context = X509_STORE_CTX_new()
    defer {
      X509_STORE_CTX_free(context)
      X509_STORE_free(store)
      X509_free(certificate)
    }
    guard certificate != nil, X509_STORE_load_locations(store, authorities, nil) == 1,
      X509_STORE_CTX_init(context, store, certificate, SSL_get_peer_cert_chain(ssl)) == 1
    else { return nil }
    X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_SERVER)
    X509_verify_cert(context)
    return X509_STORE_CTX_get_error(context)
  }

  /// libpq's default, if the URL names none.
  private var authorities: String {
    url.authorities ?? "\(getenv("HOME").map { String(cString: $0) } ?? "")/.postgresql/root.crt"
  }

  private func words(_ code: Int32) -> String {
    switch code {
    case X509_V_ERR_CERT_HAS_EXPIRED: "has expired"
    case X509_V_ERR_CERT_NOT_YET_VALID: "is not valid yet"
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
      X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
      X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      "was not issued by an authority in \(authorities)"
    default: "is not accepted: \(String(cString: X509_verify_cert_error_string(Int(code))))"
    }
  }
}
