import Billing
import Foundation
import Synchronization
import Testing

@testable import sandbox

/// A time that tests move by hand.
final class MovableClock: Sendable {
  private let milliseconds = Mutex<Int64>(1_764_547_200_000)

  var now: Instant { Instant(milliseconds: milliseconds.withLock { $0 }) }

  func advance(hours: Int64) { milliseconds.withLock { $0 += hours * 3_600_000 } }
}

/// A gateway over a log in a folder of its own, without a server.
final class GatewayFixture {
  let log: String
  let clock = MovableClock()
  private(set) var gateway: Gateway
  private let pause: @Sendable (Int) async throws -> Void

  init(
    smallestAmount: Int64? = nil,
    pause: @escaping @Sendable (Int) async throws -> Void = { _ in }
  ) throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("sandbox-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    log = folder.appendingPathComponent("charges.jsonl").path
    self.pause = pause
    gateway = try Gateway(
      log: log,
      options: .init(
        latencyMilliseconds: 0, smallestAmount: smallestAmount, now: { [clock] in clock.now },
        pause: pause))
  }

  deinit {
    try? FileManager.default.removeItem(atPath: (log as NSString).deletingLastPathComponent)
  }

  /// As after a kill -9: what is in memory is gone, the log is read again.
  func restart() throws {
    // The old gateway holds the lock of its log: it has to be gone first.
    gateway = try Gateway(log: log + ".other", options: .init(now: { [clock] in clock.now }))
    gateway = try Gateway(
      log: log, options: .init(now: { [clock] in clock.now }, pause: pause))
  }

  func lines() throws -> [[String: Any]] {
    try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  /// Succeeded charges by invoice, according to the log.
  func paid() throws -> [String: Int] {
    try lines().filter { $0["event"] as? String == "charge.succeeded" }
      .reduce(into: [:]) { $0[$1["invoice"] as? String ?? "", default: 0] += 1 }
  }

  func charge(
    _ invoice: String, key: String? = nil, card: String = "pm_card_visa", amount: String = "9012",
    currency: String = "chf", account: String = "acc-1", attempt: String = "1"
  ) async -> Answer {
    await post(
      "/v1/payment_intents",
      [
        ("amount", amount), ("currency", currency), ("confirm", "true"), ("off_session", "true"),
        ("payment_method_types[]", "card"), ("payment_method", card),
        ("metadata[invoice]", invoice), ("metadata[account]", account),
        ("metadata[attempt]", attempt),
      ], key: key)
  }

  func post(_ path: String, _ fields: [(String, String)], key: String? = nil) async -> Answer {
    await send("POST", path, body: Self.form(fields), key: key)
  }

  func get(_ path: String, _ fields: [(String, String)] = []) async -> Answer {
    await send("GET", path, query: Self.form(fields))
  }

  func control(_ method: String, _ path: String, _ json: String = "") async -> Answer {
    await send(method, "/_sandbox/" + path, body: json)
  }

  func send(
    _ method: String, _ path: String, query: String = "", body: String = "", key: String? = nil,
    authorization: String? = "Bearer sk_test_sandbox"
  ) async -> Answer {
    Answer(
      await gateway.answer(
        GatewayRequest(
          method: method, path: path, query: query, body: Array(body.utf8),
          authorization: authorization, idempotencyKey: key)))
  }

  static func form(_ fields: [(String, String)]) -> String {
    fields.map { name, value in
      let allowed = CharacterSet.alphanumerics
      return [name, value].map { $0.addingPercentEncoding(withAllowedCharacters: allowed) ?? "" }
        .joined(separator: "=")
    }.joined(separator: "&")
  }
}

/// A response, taken apart for tests.
struct Answer {
  var status: Int
  var headers: [String: String]
  var text: String
  var delivery: GatewayResponse.Delivery

  init(_ response: GatewayResponse) {
    status = response.status
    headers = Dictionary(response.headers.map { ($0.name, $0.value) }) { first, _ in first }
    delivery = response.delivery
    switch response.body {
    case .bytes(let bytes): text = String(decoding: bytes, as: UTF8.self)
    case .pieces(let piece):
      var number = 0
      text = ""
      while let bytes = piece(number) {
        text += String(decoding: bytes, as: UTF8.self)
        number += 1
      }
    }
  }

  var json: Any? { try? JSONSerialization.jsonObject(with: Data(text.utf8)) }

  /// A value by its path: `error.payment_intent.id`.
  subscript(_ path: String) -> String {
    var value = json
    for name in path.split(separator: ".") {
      value = (value as? [String: Any])?[String(name)]
    }
    switch value {
    case let text as String: return text
    case let number as NSNumber: return number.stringValue
    case is NSNull: return "null"
    default: return "-"
    }
  }

  var replayed: Bool { headers["Idempotent-Replayed"] == "true" }
  var items: [[String: Any]] {
    (json as? [String: Any])?["data"] as? [[String: Any]] ?? json as? [[String: Any]] ?? []
  }
}
