import CRabbitMQ
import Glibc

/// One connection of librabbitmq with one channel. It belongs to the thread that opened it: it is
/// made, used and released there, and nobody else holds the handle.
final class AMQPConnection {
  /// We use one channel for each connection.
  static let channel: amqp_channel_t = 1

  let state: amqp_connection_state_t
  /// Which of the broker's nodes it is connected to.
  let node: BrokerURL
  private let options: BrokerOptions
  private let breaker: SocketBreaker
  private var assembler: FrameAssembler
  private var arena = AMQPArena(byteCount: 128 * 1024)
  /// As agreed with the broker.
  let heartbeat: Duration

  /// Takes over a logged-in handle; `open(_:name:options:)` makes one.
  init(
    _ state: amqp_connection_state_t, to node: BrokerURL, options: BrokerOptions
  ) throws(ConnectionLost) {
    self.state = state
    self.node = node
    self.options = options
    assembler = FrameAssembler(maximumBodyBytes: options.maximumBodyBytes)
    heartbeat = .seconds(Int(amqp_get_heartbeat(state)))
    guard let breaker = SocketBreaker(amqp_get_sockfd(state)) else {
      amqp_destroy_connection(state)
      throw ConnectionLost(reason: "out of file descriptors: error \(errno)")
    }
    self.breaker = breaker
    var limit = timeval(options.callTimeout)
    let status = amqp_set_rpc_timeout(state, &limit)
    guard status == 0 else { throw ConnectionLost(status, "setting the call timeout") }
  }

  deinit { amqp_destroy_connection(state) }

  var fileDescriptor: Int32 { amqp_get_sockfd(state) }

  /// Whether something was already read that `poll` does not know of.
  var hasUnreadFrames: Bool {
    amqp_frames_enqueued(state) != 0 || amqp_data_in_buffer(state) != 0
  }

  /// Must run at least this often for heartbeats to be sent and missed ones to be noticed.
  var turnInterval: Duration { heartbeat == .zero ? .seconds(30) : heartbeat / 4 }

  /// The next event that is already there. Serves heartbeats; never waits.
  func nextEvent() throws(ConnectionLost) -> AMQPEvent? {
    while true {
      var frame = amqp_frame_t()
      var noTime = timeval()
      let status = amqp_simple_wait_frame_noblock(state, &frame, &noTime)
      if status == AMQP_STATUS_TIMEOUT.rawValue { return nil }
      guard status == 0 else { throw ConnectionLost(status, "reading") }
      let event = try assembler.take(frame)
      amqp_maybe_release_buffers_on_channel(state, frame.channel)
      if let event { return event }
    }
  }

  /// For times in which nothing is read. If it cannot be written, the next call reports why.
  func sendHeartbeat() {
    var frame = amqp_frame_t()
    frame.frame_type = UInt8(AMQP_FRAME_HEARTBEAT)
    writing { _ = amqp_send_frame(state, &frame) }
  }

  /// Whether the socket takes more without waiting.
  var isWritable: Bool {
    var watched = pollfd(fd: fileDescriptor, events: Int16(POLLOUT), revents: 0)
    return poll(&watched, 1, 0) == 1 && Int32(watched.revents) & POLLOUT != 0
  }

  /// Waits until there is something to read, or the time is up.
  func waitReadable(until end: ContinuousClock.Instant) -> Bool {
    var watched = pollfd(fd: fileDescriptor, events: Int16(POLLIN), revents: 0)
    return poll(&watched, 1, Int32(max(0, min(end.millisecondsFromNow, 60_000)))) == 1
  }

  /// Everything written by `body` leaves in as few packets as possible. A write that blocks is
  /// broken off from outside: the library has no deadline for it.
  func writing<Failure: Error>(_ body: () throws(Failure) -> Void) throws(Failure) {
    let breaker = breaker
    let watch = Deadlines.shared.schedule(at: .now + options.writeTimeout) { breaker.breakOff() }
    breaker.cork(true)
    defer {
      breaker.cork(false)
      Deadlines.shared.cancel(watch)
    }
    try body()
  }

  /// Persistent. `message.misfit` must be `nil`.
  func publish(_ message: OutgoingMessage) throws(ConnectionLost) {
    arena.reset()
    var properties = amqp_basic_properties_t()
    var flags =
      AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG
    properties.delivery_mode = 2
    properties.content_type = arena.bytes(message.contentType)
    properties.message_id = arena.bytes(message.messageID)
    if let type = message.type {
      flags |= AMQP_BASIC_TYPE_FLAG
      properties.type = arena.bytes(type)
    }
    if let user = message.user {
      flags |= AMQP_BASIC_USER_ID_FLAG
      properties.user_id = arena.bytes(user)
    }
    if !message.headers.isEmpty {
      flags |= AMQP_BASIC_HEADERS_FLAG
      properties.headers = arena.table(message.headers)
    }
    properties._flags = amqp_flags_t(flags)
    let exchange = arena.bytes(message.exchange)
    let routingKey = arena.bytes(message.routingKey)
    let status = message.body.withUnsafeBytes { body in
      amqp_basic_publish(
        state, Self.channel, exchange, routingKey, message.isMandatory ? 1 : 0, 0, &properties,
        amqp_bytes_t(len: body.count, bytes: UnsafeMutableRawPointer(mutating: body.baseAddress)))
    }
    guard status == 0 else { throw ConnectionLost(status, "publishing") }
  }

  /// Lends strings and arguments to a call; see `AMQPArena`.
  func lend(_ use: (inout AMQPArena) -> Void) {
    arena.reset()
    use(&arena)
  }

  /// Closes cleanly and waits for the answer, both within the closing timeout.
  func close() {
    var limit = timeval(options.closeTimeout)
    let breaker = breaker
    let watch = Deadlines.shared.schedule(at: .now + options.closeTimeout) { breaker.breakOff() }
    amqp_set_rpc_timeout(state, &limit)
    // Whatever the answer: the socket is closed right after.
    _ = amqp_connection_close(state, 200)
    Deadlines.shared.cancel(watch)
  }
}

/// A second descriptor of a connection's socket. The library may close its own at any time, so only
/// this one is certain to refer to the same socket from another thread.
final class SocketBreaker: Sendable {
  private let descriptor: Int32

  init?(_ socket: Int32) {
    descriptor = fcntl(socket, F_DUPFD_CLOEXEC, 0)
    if descriptor < 0 { return nil }
  }

  deinit { Glibc.close(descriptor) }

  /// Ends every read and write on the socket, including those in progress.
  func breakOff() { shutdown(descriptor, Int32(SHUT_RDWR)) }

  func cork(_ on: Bool) {
    var value: Int32 = on ? 1 : 0
    setsockopt(
      descriptor, Int32(IPPROTO_TCP), TCP_CORK, &value, socklen_t(MemoryLayout<Int32>.size))
  }
}

extension ConnectionLost {
  init(_ status: Int32, _ doing: String) {
    // Read at once: only the failed call is between it and the system.
    let code = errno
    let text = String(cString: amqp_error_string2(status))
    let cause = status == AMQP_STATUS_SOCKET_ERROR.rawValue && code != 0 ? SystemError(code) : nil
    self.init(reason: "\(doing): \(cause.map { "\($0)" } ?? text)")
  }

  /// For a log: with the address.
  static func sentence(_ node: BrokerURL, _ reason: String) -> String {
    "the connection to the broker at \(node.host):\(node.port) was lost: \(reason)"
  }
}

extension timeval {
  init(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    self.init(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
  }
}
