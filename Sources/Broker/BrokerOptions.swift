/// Limits of the AMQP layer. The defaults suit the services; tests shorten them.
public struct BrokerOptions: Sendable {
  /// The limit for each of the two steps: TCP connect with TLS, then the AMQP handshake.
  public var connectTimeout: Duration = .seconds(5)
  /// For each call that the broker answers: declarations, depth, consume.
  public var callTimeout: Duration = .seconds(10)
  /// A message without a confirm by then is `.unknown`.
  public var publishTimeout: Duration = .seconds(10)
  /// A write that makes no progress for this long breaks the connection.
  public var writeTimeout: Duration = .seconds(5)
  /// A clean shutdown; afterwards the sockets are simply closed.
  public var closeTimeout: Duration = .seconds(3)
  /// Messages written and not yet confirmed.
  public var publishWindow = 1_000
  /// Messages of a browsed queue that the broker may send ahead, to each consumer. At most 65,535,
  /// the largest number that AMQP can express.
  public var browsingWindow = 65_535
  /// Asked of the broker; the broker may ask for less.
  public var heartbeatSeconds = 10
  public var reconnectFloor: Duration = .milliseconds(200)
  public var reconnectCeiling: Duration = .seconds(10)
  /// An acknowledgement with unfinished deliveries before it waits this long for them, because one
  /// frame for many is far cheaper for the broker than one each.
  public var acknowledgeLinger: Duration = .milliseconds(5)
  /// A larger body is rejected unread: the broker dead-letters it whole. Bounds the memory of a
  /// consumer to `prefetch` times this.
  public var maximumBodyBytes = 1 << 20

  /// For tests of crashes: called after each message is written, before anything is confirmed.
  public var published: (@Sendable () -> Void)?

  public init() {}
}
