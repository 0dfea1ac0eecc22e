import CRabbitMQ

/// The method numbers of AMQP 0-9-1 that are recognised here. The C header has them as cast macros,
/// which Swift does not see.
enum AMQPMethod {
  static let connectionClose: UInt32 = 0x000A_0032
  static let connectionCloseOK: UInt32 = 0x000A_0033
  static let connectionBlocked: UInt32 = 0x000A_003C
  static let connectionUnblocked: UInt32 = 0x000A_003D
  static let channelClose: UInt32 = 0x0014_0028
  static let channelCloseOK: UInt32 = 0x0014_0029
  static let basicCancel: UInt32 = 0x003C_001E
  static let basicCancelOK: UInt32 = 0x003C_001F
  static let basicReturn: UInt32 = 0x003C_0032
  static let basicDeliver: UInt32 = 0x003C_003C
  static let basicAck: UInt32 = 0x003C_0050
  static let basicNack: UInt32 = 0x003C_0078
}

/// An event that the broker sends unasked, complete and copied out of the library's memory.
enum AMQPEvent {
  case delivered(AMQPContent, redelivered: Bool, tag: UInt64)
  /// The body is larger than the limit and was not kept.
  case deliveredTooLarge(tag: UInt64, bytes: UInt64, messageID: String?)
  case confirmed(tag: UInt64, multiple: Bool, taken: Bool)
  case returned(AMQPContent, code: Int, text: String)
  /// The broker ended our consumer, for example because its queue was deleted.
  case cancelled
  case cancelDone
  case blocked(String)
  case unblocked
  case channelClosed(ChannelClosed)
}

/// A message with its properties, as it was read.
struct AMQPContent {
  var exchange: String
  var routingKey: String
  var messageID: String?
  var type: String?
  var contentType: String?
  var headers: [String: HeaderValue] = [:]
  var user: String?
  var body: [UInt8] = []
}

/// The connection can no longer be used.
struct ConnectionLost: Error, Equatable {
  var reason: String
}

/// The broker closed the channel because of a request of ours. The connection stays open.
struct ChannelClosed: Error, Equatable {
  var code: Int
  var text: String
}

extension ChannelClosed {
  /// `access to topic 'charge.succeeded' in exchange 'monthclose' in vhost …` concerns that key
  /// only, `access to exchange 'monthclose' …` all messages to that exchange, and `user_id property
  /// set to 'a' but authenticated user was 'b'` those that state their publisher.
  func isAbout(_ message: OutgoingMessage) -> Bool {
    if text.contains("user_id property") { return message.user != nil }
    let exchange = message.exchange.isEmpty ? "amq.default" : message.exchange
    guard text.contains("exchange '\(exchange)'") else { return false }
    return !text.contains(" topic '") || text.contains("topic '\(message.routingKey)'")
  }
}

/// Assembles frames into events. A message comes as a method, a header and any number of body
/// frames.
struct FrameAssembler {
  private enum Opening {
    case delivery(redelivered: Bool, tag: UInt64)
    case returned(code: Int, text: String)
  }
  private var opening: Opening?
  private var content = AMQPContent(exchange: "", routingKey: "")
  private var bodySize: UInt64 = 0
  private var bodyRead: UInt64 = 0
  private let maximumBodyBytes: Int
  private var exchanges = RepeatedText()
  private var routingKeys = RepeatedText()
  private var types = RepeatedText()
  private var contentTypes = RepeatedText()

  init(maximumBodyBytes: Int) {
    self.maximumBodyBytes = maximumBodyBytes
  }

  /// The event that this frame completes, if any. The frame's memory is not needed afterwards.
  mutating func take(_ frame: amqp_frame_t) throws(ConnectionLost) -> AMQPEvent? {
    switch Int32(frame.frame_type) {
    case AMQP_FRAME_METHOD: return try take(frame.payload.method)
    case AMQP_FRAME_HEADER:
      guard opening != nil else {
        throw ConnectionLost(reason: "received a header without a message")
      }
      takeHeader(frame)
      return bodySize == 0 ? finish() : nil
    case AMQP_FRAME_BODY:
      guard opening != nil else {
        throw ConnectionLost(reason: "received a body without a message")
      }
      let part = frame.payload.body_fragment
      bodyRead += UInt64(part.len)
      if keepsBody {
        content.body.append(
          contentsOf: UnsafeRawBufferPointer(start: part.bytes, count: part.len))
      }
      return bodyRead >= bodySize ? finish() : nil
    default: return nil
    }
  }

  private var keepsBody: Bool {
    guard case .delivery = opening else { return false }
    return bodySize <= UInt64(maximumBodyBytes)
  }

  private mutating func take(_ method: amqp_method_t) throws(ConnectionLost) -> AMQPEvent? {
    func fields<T>(_ type: T.Type) -> T { method.decoded.assumingMemoryBound(to: type).pointee }
    switch method.id {
    case AMQPMethod.basicDeliver:
      let deliver = fields(amqp_basic_deliver_t.self)
      open(
        .delivery(redelivered: deliver.redelivered != 0, tag: deliver.delivery_tag),
        exchange: deliver.exchange, routingKey: deliver.routing_key)
      return nil
    case AMQPMethod.basicReturn:
      let back = fields(amqp_basic_return_t.self)
      open(
        .returned(code: Int(back.reply_code), text: String(back.reply_text)),
        exchange: back.exchange, routingKey: back.routing_key)
      return nil
    case AMQPMethod.basicAck:
      let ack = fields(amqp_basic_ack_t.self)
      return .confirmed(tag: ack.delivery_tag, multiple: ack.multiple != 0, taken: true)
    case AMQPMethod.basicNack:
      let nack = fields(amqp_basic_nack_t.self)
      return .confirmed(tag: nack.delivery_tag, multiple: nack.multiple != 0, taken: false)
    case AMQPMethod.basicCancel: return .cancelled
    case AMQPMethod.basicCancelOK: return .cancelDone
    case AMQPMethod.connectionBlocked:
      return .blocked(String(fields(amqp_connection_blocked_t.self).reason))
    case AMQPMethod.connectionUnblocked: return .unblocked
    case AMQPMethod.channelClose:
      opening = nil
      let close = fields(amqp_channel_close_t.self)
      return .channelClosed(
        ChannelClosed(code: Int(close.reply_code), text: String(close.reply_text)))
    case AMQPMethod.connectionClose:
      let close = fields(amqp_connection_close_t.self)
      throw ConnectionLost(
        reason: "the broker closed it: \(close.reply_code) \(String(close.reply_text))")
    default: return nil
    }
  }

  private mutating func open(
    _ opening: Opening, exchange: amqp_bytes_t, routingKey: amqp_bytes_t
  ) {
    self.opening = opening
    content = AMQPContent(
      exchange: exchanges.text(exchange), routingKey: routingKeys.text(routingKey))
    bodySize = 0
    bodyRead = 0
  }

  private mutating func takeHeader(_ frame: amqp_frame_t) {
    bodySize = frame.payload.properties.body_size
    if keepsBody { content.body.reserveCapacity(Int(bodySize)) }
    guard let decoded = frame.payload.properties.decoded else { return }
    let properties = decoded.assumingMemoryBound(to: amqp_basic_properties_t.self).pointee
    func has(_ flag: Int32) -> Bool { properties._flags & UInt32(flag) != 0 }
    if has(AMQP_BASIC_MESSAGE_ID_FLAG) { content.messageID = String(properties.message_id) }
    if has(AMQP_BASIC_TYPE_FLAG) { content.type = types.text(properties.type) }
    if has(AMQP_BASIC_CONTENT_TYPE_FLAG) {
      content.contentType = contentTypes.text(properties.content_type)
    }
    if has(AMQP_BASIC_USER_ID_FLAG) { content.user = String(properties.user_id) }
    if has(AMQP_BASIC_HEADERS_FLAG) { content.headers = .init(properties.headers) }
  }

  private mutating func finish() -> AMQPEvent? {
    let keeps = keepsBody
    defer {
      opening = nil
      content.body = []
    }
    switch opening {
    case .delivery(let redelivered, let tag):
      if !keeps {
        return .deliveredTooLarge(tag: tag, bytes: bodySize, messageID: content.messageID)
      }
      return .delivered(content, redelivered: redelivered, tag: tag)
    case .returned(let code, let text): return .returned(content, code: code, text: text)
    case nil: return nil
    }
  }
}
