import CCrypto

/// SHA-256 in hexadecimal, by the system's libcrypto.
enum BodyHash {
  static func hex(_ bytes: [UInt8]) -> String {
    var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var count: UInt32 = 0
    let worked = EVP_Digest(bytes, bytes.count, &digest, &count, EVP_sha256(), nil)
    precondition(worked == 1, "libcrypto has no SHA-256")
    return hexadecimal(digest.prefix(Int(count)))
  }

  private static let digits = Array("0123456789abcdef".utf8)

  private static func hexadecimal(_ bytes: ArraySlice<UInt8>) -> String {
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count * 2)
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}
