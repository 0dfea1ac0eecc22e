import CCrypto

/// SHA-256 by OpenSSL, over bytes as they come.
final class SHA256Digest {
  private let context: OpaquePointer

  init() {
    guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
      preconditionFailure("OpenSSL has no SHA-256, or no memory is left")
    }
    self.context = context
  }

  deinit { EVP_MD_CTX_free(context) }

  func update(_ text: String) {
    var text = text
    let taken = text.withUTF8 { EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
    precondition(taken == 1, "OpenSSL takes no more bytes")
  }

  func update(_ bytes: [UInt8]) {
    let taken = bytes.withUnsafeBytes { EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
    precondition(taken == 1, "OpenSSL takes no more bytes")
  }

  /// Small letters; nothing may be added afterwards.
  func hexadecimal() -> String {
    var bytes = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var count: UInt32 = 0
    precondition(EVP_DigestFinal_ex(context, &bytes, &count) == 1, "OpenSSL ends without a digest")
    return bytes.prefix(Int(count)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
