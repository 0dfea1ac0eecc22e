import Billing
import Broker
import Ledger

/// A message in a service's dead letters, with the reason given in its headers.
public struct DeadLetter: Sendable {
  /// Short and stable: derived from queue, message id and body, so that two copies of a message
  /// have the same id. Twelve hexadecimal digits: the chance that two of 100,000 letters share one
  /// is about 1 in 50,000.
  public var id: String
  public var service: ServiceName
  public var messageID: String
  /// The AMQP property: there also where the body cannot be read.
  public var type: String
  /// A `FaultReason`, or a word for what the broker did on its own.
  public var reason: String
  public var error: String?
  public var attempts: Int
  public var firstFailedAt: Instant?
  public var lastFailedAt: Instant?
  /// How often an operator has sent it again.
  public var replays: Int
  public var replayedBy: String?
  /// `false` if its body exceeds the size limit, so that it can be listed but not moved.
  public var isWhole: Bool
  /// SHA-256, hexadecimal.
  public var bodyHash: String
  public var delivery: Delivery

  public init(_ delivery: Delivery, of service: ServiceName) {
    let headers = delivery.headers
    self.delivery = delivery
    self.service = service
    messageID = delivery.messageID ?? ""
    type = delivery.type ?? ""
    // When a queue is browsed, such a message comes with nothing but its id.
    isWhole = !(delivery.body.isEmpty && delivery.routingKey.isEmpty && headers.isEmpty)
    bodyHash = BodyHash.hex(delivery.body)
    id = Self.id(queue: delivery.queue, messageID: messageID, bodyHash: bodyHash)
    reason = isWhole ? Self.reason(headers) : FaultReason.tooLarge.rawValue
    error = headers.text(Header.error)
    attempts = headers.count(Header.attempts)
    firstFailedAt = headers.time(Header.firstFailedAt)
    lastFailedAt = headers.time(Header.lastFailedAt) ?? firstFailedAt
    replays = headers.count(Header.replays)
    replayedBy = headers.text(Header.replayedBy)
  }

  static func id(queue: String, messageID: String, bodyHash: String) -> String {
    String(BodyHash.hex(Array("\(queue)\n\(messageID)\n\(bodyHash)".utf8)).prefix(12))
  }

  /// The event in the message, or why it is not one.
  public func event() throws(MessageFault) -> Event {
    try MessageGate.decode(delivery.body, contentType: delivery.contentType)
  }

  /// Translates the broker's words into ours: `delivery_limit` becomes `delivery-limit`.
  public static func reason(_ headers: [String: HeaderValue]) -> String {
    if let word = headers.text(Header.reason) { return word }
    guard let word = headers.text("x-first-death-reason") else { return unknownReason }
    return String(word.map { $0 == "_" ? "-" : $0 })
  }

  static let unknownReason = "unknown"

  /// Reasons that are not ours: a consumer rejected a body it would not even read, the broker gave
  /// up delivering, a queue was too long, or no reason was given.
  public static let brokerReasons = [
    "rejected", "delivery-limit", "maxlen", "expired", unknownReason,
  ]

  public static let reasons: [String] = FaultReason.allCases.map(\.rawValue) + brokerReasons
}

extension [String: HeaderValue] {
  fileprivate func text(_ name: String) -> String? {
    if case .string(let text)? = self[name] { text } else { nil }
  }

  /// Values written by others may be anything: they are clamped to the countable range.
  fileprivate func count(_ name: String) -> Int {
    guard case .integer(let number)? = self[name] else { return 0 }
    return Int(Swift.min(Swift.max(number, 0), 1_000_000))
  }

  fileprivate func time(_ name: String) -> Instant? {
    // An invalid time counts as none: the letter is shown anyway.
    text(name).flatMap { try? Instant(rfc3339: $0) }
  }
}

/// Our headers. Not `x-`, because newer brokers ignore those from clients.
public enum Header {
  public static let attempts = "mc-attempts"
  /// How often it was also put off because something it needs was down.
  public static let putOffs = "mc-put-offs"
  public static let firstFailedAt = "mc-first-failed-at"
  public static let lastFailedAt = "mc-last-failed-at"
  public static let reason = "mc-reason"
  public static let error = "mc-error"
  public static let queue = "mc-queue"
  /// How often an operator has sent a dead letter again, and under which manifest last.
  public static let replays = "mc-replays"
  public static let replayedBy = "mc-replayed-by"

  /// Headers added to a failed message on its way to the dead letters.
  public static let ofFailure: Set<String> = [
    attempts, putOffs, firstFailedAt, lastFailedAt, reason, error, queue,
  ]

  /// With these the broker sends copies to other keys. It checks no rights for them, and removes
  /// `BCC` before delivery.
  static let copies = ["CC", "BCC"]

  /// The headers a copy of a message keeps: not the broker's own, none that would send it
  /// elsewhere, and none of others if all together would not fit.
  public static func carriedOn(_ headers: [String: HeaderValue]) -> [String: HeaderValue] {
    let kept = headers.filter { !$0.key.hasPrefix("x-") && !copies.contains($0.key) }
    let size = OutgoingMessage.bytes(ofHeaders: kept)
    if let size, size + roomForOurs <= OutgoingMessage.maximumHeaderBytes { return kept }
    return kept.filter { name, value in
      guard ofFailure.contains(name) || [replays, replayedBy].contains(name) else { return false }
      if case .string(let text) = value { return text.utf8.count <= longestOfOurs }
      return true
    }
  }

  /// Room for the headers of a failed message: the sentence has at most 1,000 characters of 4
  /// bytes.
  private static let roomForOurs = 6_000
  private static let longestOfOurs = 1_000
}
