import CCrypto

/// SHA-256 by OpenSSL, over bytes as they come.
public final class SHA256Digest {
  private let context: OpaquePointer

  public init() {
    guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
      preconditionFailure("OpenSSL has no SHA-256, or is out of memory")
    }
    self.context = context
  }

  private static let digits = Array("0123456789abcdef".utf8)

  deinit { EVP_MD_CTX_free(context) }

  public func update(_ text: String) {
    var text = text
    let taken = text.withUTF8 { EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
    precondition(taken == 1, "OpenSSL accepts no more bytes")
  }

  func update(_ bytes: [UInt8]) {
    let taken = bytes.withUnsafeBytes { EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
    precondition(taken == 1, "OpenSSL accepts no more bytes")
  }

  /// Small letters, of the first `count` bytes; nothing may be added afterwards.
  public func hexadecimal(bytes wanted: Int = 32) -> String {
    var bytes = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var count: UInt32 = 0
    precondition(EVP_DigestFinal_ex(context, &bytes, &count) == 1, "OpenSSL returned no digest")
    var digits: [UInt8] = []
    for byte in bytes.prefix(min(Int(count), wanted)) {
      digits.append(Self.digits[Int(byte >> 4)])
      digits.append(Self.digits[Int(byte & 15)])
    }
    return String(decoding: digits, as: UTF8.self)
  }
}

/// SHA-256 in hexadecimal: what tells one body from another.
enum BodyHash {
  static func hex(_ bytes: [UInt8]) -> String {
    let digest = SHA256Digest()
    digest.update(bytes)
    return digest.hexadecimal()
  }
}
