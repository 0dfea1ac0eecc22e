import CRabbitMQ

/// The method numbers of AMQP 0-9-1 that are looked for. The C header has them as cast macros,
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

/// What the broker tells us without being asked, complete and copied out of the library's memory.
enum AMQPEvent {
  case delivered(AMQPContent, redelivered: Bool, tag: UInt64)
  /// The body is larger than we take and was not kept.
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

/// The broker closed the channel because of what we asked for. The connection goes on.
struct ChannelClosed: Error, Equatable {
  var code: Int
  var text: String
}

extension ChannelClosed {
  /// `access to topic 'charge.succeeded' in exchange 'monthclose' in vhost …` is about that key
  /// only, `access to exchange 'monthclose' …` about whatever goes there, and `user_id property set
  /// to 'a' but authenticated user was 'b'` about what says who published it.
  func isAbout(_ message: OutgoingMessage) -> Bool {
    if text.contains("user_id property") { return message.user != nil }
    let exchange = message.exchange.isEmpty ? "amq.default" : message.exchange
    guard text.contains("exchange '\(exchange)'") else { return false }
    return !text.contains(" topic '") || text.contains("topic '\(message.routingKey)'")
  }
}
