/// Ids of Stripe's look (`pi_`, `ch_`, `req_`) that carry their number, so that no index is needed.
///
/// `instance` is drawn at random for each new log: two sandboxes never give the same id.
struct ObjectIDs: Sendable {
  let instance: String

  static func random() -> ObjectIDs {
    let letters = Array("0123456789abcdefghijklmnopqrstuvwxyz")
    return ObjectIDs(instance: String((0..<10).map { _ in letters[Int.random(in: 0..<36)] }))
  }

  func intent(_ number: Int32) -> String { id("pi_", Int64(number)) }
  func charge(_ number: Int32) -> String { id("ch_", Int64(number)) }
  func request(_ number: Int64) -> String { id("req_", number) }

  func intentNumber(_ id: String) -> Int32? { number(id, "pi_").flatMap { Int32(exactly: $0) } }
  func chargeNumber(_ id: String) -> Int32? { number(id, "ch_").flatMap { Int32(exactly: $0) } }

  private func id(_ prefix: String, _ number: Int64) -> String {
    let digits = String(number, radix: 36)
    return prefix + instance + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
  }

  private func number(_ id: String, _ prefix: String) -> Int64? {
    guard id.hasPrefix(prefix + instance) else { return nil }
    return Int64(id.dropFirst(prefix.count + instance.count), radix: 36)
  }
}
