import CRabbitMQ
import Glibc

/// OpenSSL's verdict on the broker's certificate, with the reason. The library itself only reports
/// that a handshake failed, and compares names without knowing addresses, so OpenSSL compares them
/// here.
final class TLSHandshake {
  private let url: BrokerURL
  private let tls: BrokerURL.TLS
  /// The first thing that was wrong with the certificate; 0: nothing.
  private var fault: Int32 = 0

  init(_ url: BrokerURL, _ tls: BrokerURL.TLS) {
    self.url = url
    self.tls = tls
  }

  /// Files are read for every connection: a renewed certificate counts from the next one on.
  func prepare(_ socket: OpaquePointer) throws(BrokerError) {
    ERR_clear_error()
    amqp_ssl_socket_set_verify_peer(socket, 1)
    // Done by OpenSSL instead, below: the library's own comparison knows no IP addresses.
    amqp_ssl_socket_set_verify_hostname(socket, 0)
    guard amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST) == 0 else {
      throw .badURL("this system has no TLS 1.2")
    }
    let authorities = tls.authorities
    guard amqp_ssl_socket_set_cacert(socket, authorities) == 0 else {
      throw .badURL("cacertfile \(authorities) cannot be read as PEM certificates")
    }
    try verifyName(socket)
    guard let certificate = tls.certificateFile, let key = tls.keyFile else { return }
    guard amqp_ssl_socket_set_key(socket, certificate, key) == 0 else {
      throw .badURL("certfile \(certificate) and keyfile \(key) cannot be read or do not match")
    }
  }

  private func verifyName(_ socket: OpaquePointer) throws(BrokerError) {
    guard let raw = amqp_ssl_socket_get_context(socket) else {
      throw .badURL("no TLS context could be made")
    }
    let context = OpaquePointer(raw)
    let expected = SSL_CTX_get0_param(context)
    let isSet =
      url.isAddress
      ? X509_VERIFY_PARAM_set1_ip_asc(expected, url.host)
      : X509_VERIFY_PARAM_set1_host(expected, url.host, 0)
    guard isSet == 1 else {
      throw .badURL("the host is not a name a certificate can be issued for")
    }
    _ = mc_tls_attach(context, Unmanaged.passUnretained(self).toOpaque())
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER) { isGood, store in
      if isGood == 0, let store, let attached = mc_tls_attached(store) {
        let handshake = Unmanaged<TLSHandshake>.fromOpaque(attached).takeUnretainedValue()
        if handshake.fault == 0 { handshake.fault = X509_STORE_CTX_get_error(store) }
      }
      return isGood
    }
  }

  /// Why it ended, in words for people; `nil` if the reason is not TLS.
  func refusal() -> BrokerError? {
    if fault != 0 { return untrusted(certificateFault) }
    let code = ERR_peek_last_error()
    guard code != 0, let text = ERR_reason_error_string(code) else { return nil }
    let reason = String(cString: text)
    if reason.contains("wrong version number") || reason.contains("packet length") {
      return untrusted("it does not use TLS on that port (amqps:// needs a port that does)")
    }
    if reason.contains("alert") { return untrusted("it rejects our certificate: \(reason)") }
    return untrusted("the TLS handshake failed: \(reason)")
  }

  /// The broker's verdict on our certificate is lost if our first bytes find the connection closed.
  func endedAfterwards(_ why: String) -> BrokerError {
    untrusted(
      "it ended the connection right after the handshake (\(why)): it may require a client "
        + "certificate, or reject ours")
  }

  private func untrusted(_ why: String) -> BrokerError {
    .untrusted(host: url.host, port: url.port, why: why)
  }

  private var certificateFault: String {
    switch fault {
    case X509_V_ERR_CERT_HAS_EXPIRED: "its certificate has expired"
    case X509_V_ERR_CERT_NOT_YET_VALID: "its certificate is not valid yet"
    case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
      "its certificate is not for \(url.host)"
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
      X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
      X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      "its certificate was not issued by an authority in \(tls.authorities)"
    default: "its certificate: \(String(cString: X509_verify_cert_error_string(Int(fault))))"
    }
  }
}

extension BrokerURL {
  /// An IP address, where a certificate has to name the address and not a host.
  var isAddress: Bool {
    var four = in_addr()
    var six = in6_addr()
    return inet_pton(AF_INET, host, &four) == 1 || inet_pton(AF_INET6, host, &six) == 1
  }
}

extension BrokerURL.TLS {
  /// Debian's, where no file is named.
  var authorities: String { caFile ?? "/etc/ssl/certs/ca-certificates.crt" }
}
