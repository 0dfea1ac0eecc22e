/// Exchanges, queues and consumers of the in-memory broker, without locks and without a clock: the
/// caller sets the time.
struct InMemoryNode {
  struct Attached {
    var queue: String
    var prefetch: Int
    var buffer: ConsumerBuffer
    /// Numbers its connections, as with the real broker.
    var connection = 1
    var lastNumber: UInt64 = 0
    var unsettled: [UInt64: InMemoryQueue.Stored] = [:]
    /// Takes no more, but may still settle.
    var stopped = false
  }
  private struct Route: Hashable {
    var exchange: String
    var routingKey: String
  }
  private(set) var now: Int64 = 0
  var exchanges: [String: String] = [:] { didSet { routes = [:] } }
  var queues: [String: InMemoryQueue] = [:]
  var bindings: [Topology.Binding] = [] { didSet { routes = [:] } }
  /// Queues by exchange and routing key, as far as they were asked for.
  private var routes: [Route: [String]] = [:]
  private(set) var consumers: [Int: Attached] = [:]
  private var lastConsumer = 0
  /// Queues whose next delivery comes twice.
  private var duplicates: [String: Int] = [:]
  var reachable = true { didSet { if reachable { dispatchAll() } } }

  // MARK: publishing

  mutating func publish(_ message: OutgoingMessage) -> PublishResult {
    if let misfit = message.misfit { return misfit }
    if !message.exchange.isEmpty, exchanges[message.exchange] == nil {
      return .returned(
        code: 404, text: "NOT_FOUND - no exchange '\(message.exchange)' in vhost '/'")
    }
    let targets = targets(of: message)
    if targets.isEmpty {
      return message.isMandatory ? .returned(code: 312, text: "NO_ROUTE") : .confirmed
    }
    var message = message
    message.headers["BCC"] = nil
    var result = PublishResult.confirmed
    for name in targets where !enqueue(message, into: name) { result = .refused }
    return result
  }

  /// Copies go to the keys in `CC` and `BCC`, whatever rights their sender has: rights are checked
  /// against the routing key alone.
  private mutating func targets(of message: OutgoingMessage) -> [String] {
    let first = route(message.routingKey, message.exchange)
    let copies = ["CC", "BCC"].flatMap { name -> [String] in
      if case .list(let keys)? = message.headers[name] { keys } else { [] }
    }
    if copies.isEmpty { return first }
    var found = Set(first)
    for key in copies { found.formUnion(route(key, message.exchange)) }
    return found.sorted()
  }

  private mutating func route(_ routingKey: String, _ exchange: String) -> [String] {
    if exchange.isEmpty { return queues[routingKey] == nil ? [] : [routingKey] }
    let route = Route(exchange: exchange, routingKey: routingKey)
    if let known = routes[route] { return known }
    let kind = exchanges[exchange]
    let matching = bindings.filter { binding in
      guard binding.exchange == exchange else { return false }
      return switch kind {
      case "fanout": true
      case "topic": TopicPattern(binding.routingKey).matches(routingKey)
      default: binding.routingKey == routingKey
      }
    }
    let found = Set(matching.map(\.queue)).sorted()
    routes[route] = found
    return found
  }

  private mutating func enqueue(_ message: OutgoingMessage, into name: String) -> Bool {
    guard var queue = queues[name] else { return false }
    var overflow: InMemoryQueue.Stored?
    if queue.isFull {
      if queue.refusesWhenFull { return false }
      overflow = queue.takeFirst()
    }
    queue.add(message, now: now)
    queues[name] = queue
    if let overflow { deadLetter(overflow.message, from: name, reason: "maxlen") }
    dispatch(name)
    return true
  }

  private mutating func deadLetter(_ message: OutgoingMessage, from name: String, reason: String) {
    guard let queue = queues[name],
      let letter = queue.deadLetter(message, queue: name, reason: reason)
    else { return }
    let routed = publish(letter) == .confirmed
    if !routed, queue.text("x-dead-letter-strategy") == "at-least-once" {
      queues[name]?.withoutTarget.append(letter)
    }
  }

  // MARK: time

  /// Moves the clock; messages whose time is up go to their dead letters, in the order of their
  /// times.
  mutating func advance(milliseconds: Int64) {
    let end = now + milliseconds
    while let next = queues.values.compactMap(\.nextExpiry).min(), next <= end {
      now = max(now, next)
      for name in queues.keys.sorted() {
        while let expired = queues[name]?.takeExpired(now: now) {
          deadLetter(expired.message, from: name, reason: "expired")
        }
      }
    }
    now = end
    retryDeadLetters()
  }

  mutating func retryDeadLetters() {
    guard queues.values.contains(where: { !$0.withoutTarget.isEmpty }) else { return }
    for name in queues.keys.sorted() {
      let letters = queues[name]?.withoutTarget ?? []
      queues[name]?.withoutTarget = []
      for letter in letters where publish(letter) != .confirmed {
        queues[name]?.withoutTarget.append(letter)
      }
    }
  }

  // MARK: consuming

  /// `nil` when there is no such queue.
  mutating func attach(_ queue: String, prefetch: Int, buffer: ConsumerBuffer) -> Int? {
    guard queues[queue] != nil else { return nil }
    lastConsumer += 1
    consumers[lastConsumer] = Attached(queue: queue, prefetch: prefetch, buffer: buffer)
    dispatch(queue)
    return lastConsumer
  }

  mutating func settle(_ id: Int, _ settlements: [Settlement]) {
    guard let consumer = consumers[id] else { return }
    for settlement in consumer.buffer.settled(settlements)
    where settlement.tag.connection == consumer.connection {
      let number = settlement.tag.number
      guard let stored = consumers[id]?.unsettled.removeValue(forKey: number) else { continue }
      if settlement.outcome == .requeue { takeBack(stored, into: consumer.queue) }
    }
    dispatch(consumer.queue)
  }

  /// Takes no more; what nobody took goes back.
  mutating func stop(_ id: Int) {
    guard let consumer = consumers[id], !consumer.stopped else { return }
    consumers[id]?.stopped = true
    for delivery in consumer.buffer.stop() {
      if let stored = consumers[id]?.unsettled.removeValue(forKey: delivery.tag.number) {
        takeBack(stored, into: consumer.queue)
      }
    }
    dispatch(consumer.queue)
  }

  mutating func detach(_ id: Int) {
    guard let queue = consumers[id]?.queue else { return }
    stop(id)
    loseConnection(id)
    consumers[id] = nil
    dispatch(queue)
  }

  /// As when the connection breaks and comes back: everything unsettled is delivered again.
  mutating func loseConnection(_ id: Int) {
    guard let consumer = consumers[id] else { return }
    consumer.buffer.forgetAll()
    consumers[id]?.unsettled = [:]
    consumers[id]?.connection += 1
    consumers[id]?.lastNumber = 0
    for number in consumer.unsettled.keys.sorted() {
      if let stored = consumer.unsettled[number] { takeBack(stored, into: consumer.queue) }
    }
  }

  /// Acknowledged without having been handed out by the buffer.
  mutating func takeOff(_ numbers: [UInt64], from id: Int) {
    for number in numbers { consumers[id]?.unsettled[number] = nil }
  }

  mutating func loseAllConnections() {
    for id in consumers.keys.sorted() { loseConnection(id) }
    dispatchAll()
  }

  mutating func duplicateNextDelivery(of queue: String) {
    duplicates[queue, default: 0] += 1
  }

  private mutating func takeBack(_ stored: InMemoryQueue.Stored, into name: String) {
    guard let kept = queues[name]?.takeBack(stored) else { return }
    if !kept { deadLetter(stored.message, from: name, reason: "delivery_limit") }
  }

  mutating func dispatchAll() {
    for name in queues.keys.sorted() { dispatch(name) }
  }

  /// Hands messages to the queue's consumers in turn, as long as one has room.
  private mutating func dispatch(_ name: String) {
    guard reachable, let queue = queues[name], queue.count > 0 else { return }
    var offers: [Int: [Delivery]] = [:]
    while let id = nextConsumer(of: name), let stored = queues[name]?.takeFirst() {
      if duplicates[name, default: 0] > 0 {
        duplicates[name, default: 0] -= 1
        queues[name]?.addCopy(stored)
      }
      if let delivery = deliver(stored, from: name, to: id) {
        offers[id, default: []].append(delivery)
      }
    }
    for (id, deliveries) in offers.sorted(by: { $0.key < $1.key }) {
      consumers[id]?.buffer.offer(deliveries)
    }
  }

  private mutating func nextConsumer(of name: String) -> Int? {
    let ids = consumers.filter {
      $0.value.queue == name && !$0.value.stopped && $0.value.unsettled.count < $0.value.prefetch
    }.keys.sorted()
    let last = queues[name]?.turn ?? 0
    guard let next = ids.first(where: { $0 > last }) ?? ids.first else { return nil }
    queues[name]?.turn = next
    return next
  }

  private mutating func deliver(
    _ stored: InMemoryQueue.Stored, from queue: String, to id: Int
  ) -> Delivery? {
    guard var consumer = consumers[id] else { return nil }
    consumer.lastNumber += 1
    consumer.unsettled[consumer.lastNumber] = stored
    consumers[id] = consumer
    let message = stored.message
    var headers = message.headers
    if stored.returns > 0, queues[queue]?.text("x-queue-type") == "quorum" {
      headers["x-delivery-count"] = .integer(Int64(stored.returns))
    }
    return Delivery(
      tag: .init(connection: consumer.connection, number: consumer.lastNumber), queue: queue,
      exchange: message.exchange, routingKey: message.routingKey,
      redelivered: stored.redelivered, messageID: message.messageID, type: message.type,
      contentType: message.contentType, headers: headers, user: message.user,
      body: message.body)
  }
}
