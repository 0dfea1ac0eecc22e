import Billing
import CPostgres
import Endpoints

/// `postgres://user:password@host:port/database?sslmode=verify-full`, as libpq reads it, and what
/// of it may be shown.
struct PostgreSQLURL: Sendable {
  /// With the password: never shown.
  let text: String
  /// `user@host:port/database`
  let place: String
  let host: String
  /// Files: of who may vouch for the server, and of our own certificate.
  let authorities: String?
  let certificate: String?

  init(_ text: String) throws {
    self.text = text
    var message: UnsafeMutablePointer<CChar>?
    guard let options = PQconninfoParse(text, &message) else {
      // libpq's message may repeat a part of the URL, the password too.
      PQfreemem(message)
      throw StoreError.invalid(
        "the store's URL: expected "
          + "postgres://user:password@host:port/database?sslmode=verify-full, found what libpq "
          + "cannot read")
    }
    defer { PQconninfoFree(options) }
    var values: [String: String] = [:]
    var option = options
    while let keyword = option.pointee.keyword {
      if let value = option.pointee.val {
        values[String(cString: keyword)] = String(cString: value)
      }
      option += 1
    }
    host = values["host"] ?? values["hostaddr"] ?? "localhost"
    authorities = values["sslrootcert"]
    certificate = values["sslcert"]
    place =
      "\(values["user"].map { "\($0)@" } ?? "")\(host):\(values["port"] ?? "5432")/"
      + (values["dbname"] ?? "")
    let hosts = [values["host"], values["hostaddr"]].compactMap { $0 }.flatMap {
      $0.split(separator: ",").map(String.init)
    }
    if !hosts.allSatisfy(Self.isLocal) && values["sslmode"] != "verify-full" {
      throw StoreError.invalid(
        "the store's URL: \(host) is not this machine, so sslmode=verify-full is required, "
          + "found sslmode=\(values["sslmode"] ?? "(none)")")
    }
  }

  /// The folder of a Unix socket, or this machine's own address.
  private static func isLocal(_ host: String) -> Bool {
    host.hasPrefix("/") || Loopback.contains(host)
  }
}
