import CPostgres
import Glibc

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
