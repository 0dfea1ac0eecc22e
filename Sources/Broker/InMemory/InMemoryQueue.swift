import DequeModule

/// A queue of the in-memory broker: what RabbitMQ's quorum queues do, as far as we rely on it.
struct InMemoryQueue {
  struct Stored {
    var message: OutgoingMessage
    var returns = 0
    var redelivered = false
    /// In the broker's own milliseconds.
    var expiresAt: Int64?
  }
  var arguments: [String: HeaderValue]
  /// Handed back: before all others.
  private var returned: Deque<Stored> = []
  private var ready: Deque<Stored> = []
  /// Dead letters whose target is missing, kept by the strategy `at-least-once`.
  var withoutTarget: [OutgoingMessage] = []
  /// The next consumer to get a message, in turn.
  var turn = 0

  init(arguments: [String: HeaderValue]) { self.arguments = arguments }

  var count: Int { returned.count + ready.count }
  var messages: [OutgoingMessage] { (returned + ready).map(\.message) }

  func text(_ name: String) -> String? {
    if case .string(let text)? = arguments[name] { text } else { nil }
  }

  func integer(_ name: String) -> Int64? {
    if case .integer(let number)? = arguments[name] { number } else { nil }
  }

  var isFull: Bool { integer("x-max-length").map { count >= $0 } ?? false }
  var refusesWhenFull: Bool { text("x-overflow") == "reject-publish" }

  mutating func add(_ message: OutgoingMessage, now: Int64) {
    let expiresAt = integer("x-message-ttl").map { now + $0 }
    ready.append(Stored(message: message, expiresAt: expiresAt))
  }

  /// Handed back or lost with its connection; `nil` when the delivery limit is passed and it is a
  /// dead letter now.
  mutating func takeBack(_ stored: Stored) -> Bool {
    var stored = stored
    stored.returns += 1
    stored.redelivered = true
    if let limit = integer("x-delivery-limit"), stored.returns > limit { return false }
    returned.append(stored)
    return true
  }

  mutating func addCopy(_ stored: Stored) {
    var stored = stored
    stored.redelivered = true
    returned.prepend(stored)
  }

  mutating func takeFirst() -> Stored? {
    returned.popFirst() ?? ready.popFirst()
  }

  /// Only at the head, as in RabbitMQ: a message behind one that lives longer waits for it.
  mutating func takeExpired(now: Int64) -> Stored? {
    guard let expiresAt = (returned.first ?? ready.first)?.expiresAt, expiresAt <= now else {
      return nil
    }
    return takeFirst()
  }

  var nextExpiry: Int64? { (returned.first ?? ready.first)?.expiresAt }

  /// The message as a dead letter of this queue, with the headers RabbitMQ adds; `nil` without a
  /// dead-letter exchange.
  func deadLetter(_ message: OutgoingMessage, queue: String, reason: String) -> OutgoingMessage? {
    guard let exchange = text("x-dead-letter-exchange") else { return nil }
    var letter = message
    letter.exchange = exchange
    if let key = text("x-dead-letter-routing-key") {
      letter.routingKey = key
      letter.headers["CC"] = nil
    }
    if letter.headers["x-first-death-reason"] == nil {
      letter.headers["x-first-death-reason"] = .string(reason)
      letter.headers["x-first-death-queue"] = .string(queue)
      letter.headers["x-first-death-exchange"] = .string(message.exchange)
    }
    return letter
  }
}
