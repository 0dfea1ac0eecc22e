/// Numbers as people write them in English: `-12345.678 CHF` as `-12,345.678 CHF`.
package enum GroupedDigits {
  /// With commas between the thousands of the whole number the text begins with.
  package static func grouped(_ text: String) -> String {
    let bytes = Array(text.utf8)
    let begin = bytes.firstIndex { $0 != UInt8(ascii: "-") } ?? bytes.count
    let end = bytes[begin...].firstIndex { !(0x30...0x39 ~= $0) } ?? bytes.count
    if end - begin <= 3 { return text }
    var grouped = Array(bytes[..<begin])
    for index in begin..<end {
      if index > begin, (end - index).isMultiple(of: 3) { grouped.append(UInt8(ascii: ",")) }
      grouped.append(bytes[index])
    }
    return String(decoding: grouped + bytes[end...], as: UTF8.self)
  }
}
