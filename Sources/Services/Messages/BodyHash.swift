/// SHA-256 in hexadecimal: what tells one body from another.
enum BodyHash {
  static func hex(_ bytes: [UInt8]) -> String {
    let digest = SHA256Digest()
    digest.update(bytes)
    return digest.hexadecimal()
  }
}
