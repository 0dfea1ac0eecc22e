import Billing
import Foundation

/// Reads an address from a field. An international domain is kept in its ASCII form (`xn--…`),
/// which is what the mail server needs. A domain without a dot is refused here: mail can be sent to
/// one, but in a file of customers it is a mistake.
enum EmailField {
  struct Fault: Error {
    var reason: String
  }

  /// Faults never repeat the address.
  static func read(_ field: FieldBytes) -> Result<EmailAddress, Fault> {
    let notOne = Fault(reason: "is not an e-mail address (like name@example.com)")
    guard field.count <= 254, !hasControl(field) else { return .failure(notOne) }
    let parts = String(decoding: field, as: UTF8.self)
      .split(separator: "@", omittingEmptySubsequences: false)
    guard parts.count == 2, let domain = ascii(String(parts[1])), domain.contains(".") else {
      return .failure(notOne)
    }
    if let address = EmailAddress("\(parts[0])@\(domain)") { return .success(address) }
    let isForeign = parts[0].utf8.contains { $0 >= 0x80 }
    return .failure(
      isForeign
        ? Fault(reason: "has non-ASCII letters before the @, which mail cannot be sent to")
        : notOne)
  }

  /// UTS 46, by Foundation. ASCII is checked before: in a URL some of it has a meaning.
  private static func ascii(_ domain: String) -> String? {
    if domain.utf8.allSatisfy({ $0 < 0x80 }) { return domain }
    let isPlain = domain.unicodeScalars.allSatisfy { scalar in
      !scalar.isASCII || scalar == "." || scalar == "-" || scalar.properties.isAlphabetic
        || scalar.properties.numericType != nil
    }
    guard isPlain, let host = URLComponents(string: "http://\(domain)")?.encodedHost,
      host.utf8.allSatisfy({ $0 < 0x80 && $0 != UInt8(ascii: "%") })
    else { return nil }
    return host
  }
}
