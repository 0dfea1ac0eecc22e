/// A gzip member that holds the bytes as they are, in stored blocks.
func gzip(_ text: String) -> [UInt8] {
  let bytes = Array(text.utf8)
  var result: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]
  var rest = bytes[...]
  repeat {
    let block = rest.prefix(65_535)
    rest = rest.dropFirst(block.count)
    let count = UInt16(block.count)
    result.append(rest.isEmpty ? 1 : 0)
    for number in [count, ~count] { result += [UInt8(number & 255), UInt8(number >> 8)] }
    result += block
  } while !rest.isEmpty
  for number in [crc32(bytes), UInt32(bytes.count)] {
    result += (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }
  return result
}

private func crc32(_ bytes: [UInt8]) -> UInt32 {
  var crc: UInt32 = 0xffff_ffff
  for byte in bytes {
    crc ^= UInt32(byte)
    for _ in 0..<8 { crc = crc & 1 == 1 ? (crc >> 1) ^ 0xedb8_8320 : crc >> 1 }
  }
  return ~crc
}
