import Testing

@testable import Ledger

/// The words of libpq 15, and what is made of them. Shown on a real server: endtoend/tls.
@Suite struct PostgreSQLRefusalTests {
  private static let place = "u@db.example:5432/d"
  private static let tls = "\(place) cannot be used over TLS: "
  private static let key = "private key file \"/k\" has group or world access"

  private func error(
    _ message: String, certificate: String = "", fault: String? = nil
  ) throws -> StoreError {
    let url = try PostgreSQLURL(
      "postgres://u:hunter2@db.example/d?sslmode=verify-full\(certificate)")
    let failed = "connection to server at \"db.example\", port 5432 failed: "
    return PostgreSQLRefusal(failed + message, url) { fault }.error
  }

  @Test(arguments: [
    (
      "server certificate for \"x\" does not match host name \"db.example\"\n",
      "its certificate is not for db.example"
    ),
    ("server does not support SSL, but SSL was required\n", "it does not use TLS on that port"),
    (
      "SSL error: tlsv1 alert unknown ca\n",
      "it rejects our certificate (sslcert): tlsv1 alert unknown ca"
    ),
    (
      "FATAL:  connection requires a valid client certificate\n",
      "it requires a client certificate, but sslcert names none"
    ),
    ("SSL error: certificate verify failed\n", "its certificate cannot be verified"),
  ])
  func `Fault of TLS is named and waited for`(_ message: String, _ why: String) throws {
    #expect(try error(message) == .unreachable(Self.tls + why))
  }

  @Test func `What is wrong with the certificate is looked at`() throws {
    let found = try error("SSL error: certificate verify failed\n", fault: "has expired")
    #expect(found == .unreachable(Self.tls + "its certificate has expired"))
  }

  @Test func `Certificate that is not there is named`() throws {
    let found = try error(
      "FATAL:  connection requires a valid client certificate\n", certificate: "&sslcert=/c.pem")
    #expect("\(found)".contains("sslcert /c.pem does not exist"))
  }

  @Test(arguments: [
    (
      "root certificate file \"/ca\" does not exist\nEither provide the file or change sslmode …\n",
      "sslrootcert: root certificate file \"/ca\" does not exist"
    ),
    (
      "could not read root certificate file \"/ca\": no certificate or crl found\n",
      "sslrootcert: could not read root certificate file \"/ca\": no certificate or crl found"
    ),
    ("\(key)\n", "sslkey: \(key)"),
    (
      "could not read certificate file \"/c\": no start line\n",
      "sslcert: could not read certificate file \"/c\": no start line"
    ),
  ])
  func `File of ours that is no good is named and not waited for`(_ message: String, _ why: String)
    throws
  {
    #expect(try error(message) == .invalid("\(Self.place): \(why)"))
  }

  @Test func `Certificate of another user is thought of`() throws {
    let message = "FATAL:  password authentication failed for user \"u\"\n"
    let suffix = " (or the certificate in sslcert is for another user)"
    #expect(try error(message, certificate: "&sslcert=/c.pem").description.hasSuffix(suffix))
    #expect(try !error(message).description.hasSuffix(suffix))
  }

  @Test func `Each of several hosts is told`() throws {
    let found = try error(
      "Connection refused\nconnection to server at \"b\", port 5432 failed: "
        + "server does not support SSL, but SSL was required\n")
    #expect("\(found)".contains("it does not use TLS on that port (connection to server at \"db."))
    #expect("\(found)".contains("Connection refused; connection to server at \"b\""))
  }
}
