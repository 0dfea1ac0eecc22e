import Glibc

/// Gives the same String again for bytes seen before, so that a million rows about a thousand
/// accounts do not make a million Strings. Direct-mapped and of fixed size: a collision only costs
/// a new String.
final class StringInterner {
  private var slots: [String]
  private let mask: Int

  init(slots: Int = 4096) {
    precondition(slots > 0 && slots & (slots - 1) == 0, "a power of two")
    self.slots = Array(repeating: "", count: slots)
    mask = slots - 1
  }

  /// `nil` when it is not cached; then check the bytes and `add` them.
  func find(_ field: FieldBytes) -> String? {
    guard field.count > 0 else { return nil }
    let slot = index(of: field)
    let isEqual =
      slots[slot].utf8.withContiguousStorageIfAvailable {
        $0.count == field.count && memcmp($0.baseAddress!, field.baseAddress!, field.count) == 0
      } ?? false
    return isEqual ? slots[slot] : nil
  }

  func add(_ field: FieldBytes) -> String {
    let text = String(decoding: field, as: UTF8.self)
    slots[index(of: field)] = text
    return text
  }

  /// FNV-1a.
  private func index(of field: FieldBytes) -> Int {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in field { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return Int(truncatingIfNeeded: hash ^ (hash >> 32)) & mask
  }
}
