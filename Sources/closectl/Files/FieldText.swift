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

extension Unicode.Scalar {
  /// Control characters, line separators, and the marks that turn the direction of text.
  var isControl: Bool {
    switch value {
    case 0..<0x20, 0x7f..<0xa0, 0x2028...0x202e, 0x2066...0x2069, 0xfeff: true
    default: false
    }
  }
}
