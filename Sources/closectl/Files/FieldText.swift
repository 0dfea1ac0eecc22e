import Billing
import Foundation

/// Checks and quotes the bytes of one field, for error messages and before it becomes a String.
typealias FieldBytes = UnsafeBufferPointer<UInt8>

/// The field for use in a message: clipped, and without control sequences.
func quoted(_ field: FieldBytes) -> String {
  quoted(String(decoding: field.prefix(120), as: UTF8.self))
}

func quoted(_ text: String) -> String {
  var result = "\""
  for (count, scalar) in text.unicodeScalars.enumerated() {
    if count == 40 { return result + "…\"" }
    result += scalar.isControl ? "\u{fffd}" : String(scalar)
  }
  return result + "\""
}

/// Why this is not a valid id; `nil` if it is.
func identifierFault(_ field: FieldBytes, longest: Int) -> String? {
  if let why = nameFault(field, longest: longest) { return why }
  return isComposed(field) ? nil : "has letters with separate accents; write them composed (NFC)"
}

/// Why this is not a valid name; `nil` if it is.
func nameFault(_ field: FieldBytes, longest: Int) -> String? {
  guard let first = field.first, let last = field.last else { return "is empty" }
  if field.count > longest { return "is longer than \(longest) bytes" }
  if first == 0x20 || last == 0x20 { return "begins or ends with a space" }
  return hasControl(field) ? "has a control character" : nil
}

/// In Unicode's form C, in which texts that look the same are the same bytes. In Swift they are
/// equal in any form; to the stores, which compare bytes, they would be two.
private func isComposed(_ field: FieldBytes) -> Bool {
  if field.allSatisfy({ $0 < 0x80 }) { return true }
  let text = String(decoding: field, as: UTF8.self)
  return text.precomposedStringWithCanonicalMapping.utf8.elementsEqual(text.utf8)
}

func hasControl(_ field: FieldBytes) -> Bool {
  var seen: UInt8 = 0
  for byte in field {
    if byte < 0x20 || byte == 0x7f { return true }
    seen |= byte
  }
  return seen >= 0x80
    && String(decoding: field, as: UTF8.self).unicodeScalars.contains(where: \.isControl)
}

/// A card number in the place of the payment gateway's name for the card. It must not be stored
/// anywhere, so the row is refused before any of it is kept.
enum CardNumber {
  /// `nil` for anything else.
  static func fault(_ field: FieldBytes) -> String? {
    isNumber(field)
      ? "is a card number, which must not be stored: use the payment gateway's id for the card"
      : nil
  }

  /// 13 to 19 digits with the check digit of ISO/IEC 7812, in groups or not.
  private static func isNumber(_ field: FieldBytes) -> Bool {
    var digits: [Int] = []
    for byte in field where byte != UInt8(ascii: " ") && byte != UInt8(ascii: "-") {
      guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte else { return false }
      digits.append(Int(byte - UInt8(ascii: "0")))
    }
    guard 13...19 ~= digits.count else { return false }
    let sum = digits.reversed().enumerated().reduce(0) { sum, digit in
      let value = digit.offset % 2 == 1 ? digit.element * 2 : digit.element
      return sum + (value > 9 ? value - 9 : value)
    }
    return sum % 10 == 0
  }
}

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
