import CRabbitMQ
import Glibc

extension AMQPConnection {
  /// Connects and logs in, once. Blocks its thread for two connect timeouts at most, name lookup
  /// aside.
  static func open(
    _ url: BrokerURL, name: String, options: BrokerOptions
  ) throws(BrokerError) -> AMQPConnection {
    guard let state = amqp_new_connection() else {
      throw .unreachable(host: url.host, port: url.port, why: "out of memory")
    }
    // Kept until we are logged in: OpenSSL calls back into it.
    let handshake = url.tls.map { TLSHandshake(url, $0) }
    do {
      defer { withExtendedLifetime(handshake) {} }
      try openSocket(state, url, options, handshake)
      try logIn(state, url, name, options, handshake)
    } catch {
      amqp_destroy_connection(state)
      throw error
    }
    do {
      let connection = try AMQPConnection(state, to: url, options: options)
      try connection.openChannel()
      return connection
    } catch {
      throw .unreachable(host: url.host, port: url.port, why: error.reason)
    }
  }

  private static func openSocket(
    _ state: amqp_connection_state_t, _ url: BrokerURL, _ options: BrokerOptions,
    _ handshake: TLSHandshake?
  ) throws(BrokerError) {
    guard let socket = handshake == nil ? amqp_tcp_socket_new(state) : amqp_ssl_socket_new(state)
    else { throw .unreachable(host: url.host, port: url.port, why: "no socket could be made") }
    try handshake?.prepare(socket)
    var limit = timeval(options.connectTimeout)
    let status = amqp_socket_open_noblock(socket, url.host, Int32(url.port), &limit)
    if status == 0 { return }
    if let refusal = handshake?.refusal() { throw refusal }
    if status == AMQP_STATUS_TIMEOUT.rawValue {
      throw .timedOut(
        "connecting to \(url.host):\(url.port), after \(options.connectTimeout)")
    }
    throw .unreachable(host: url.host, port: url.port, why: why(status, url))
  }

  /// The library forgets the system's own error.
  private static func why(_ status: Int32, _ url: BrokerURL) -> String {
    guard status == AMQP_STATUS_SOCKET_ERROR.rawValue else {
      return String(cString: amqp_error_string2(status))
    }
    let error = SystemError.ofConnecting(to: url.host, port: url.port, within: .seconds(1))
    return error.map { "\($0)" } ?? "connection refused, or no route to the host"
  }

  private static func logIn(
    _ state: amqp_connection_state_t, _ url: BrokerURL, _ name: String, _ options: BrokerOptions,
    _ handshake: TLSHandshake?
  ) throws(BrokerError) {
    var limit = timeval(options.connectTimeout)
    guard amqp_set_handshake_timeout(state, &limit) == 0 else {
      throw .unreachable(host: url.host, port: url.port, why: "no handshake timeout could be set")
    }
    var properties = AMQPArena(byteCount: 8_192)
    var client = properties.clientProperties(name)
    let heartbeat = Int32(options.heartbeatSeconds)
    let reply =
      url.tls?.isLogin == true
      ? amqp_login_external(state, url.virtualHost, 16, 131_072, heartbeat, &client, url.user)
      : amqp_login_plain(
        state, url.virtualHost, 16, 131_072, heartbeat, &client, url.user, url.password)
    switch reply.reply_type {
    case AMQP_RESPONSE_NORMAL: return
    case AMQP_RESPONSE_SERVER_EXCEPTION where reply.reply.id == AMQPMethod.connectionClose:
      let close = reply.reply.decoded.assumingMemoryBound(to: amqp_connection_close_t.self).pointee
      throw refusal(Int(close.reply_code), String(close.reply_text), url)
    default:
      // With TLS 1.3 the broker refuses our certificate only after the handshake.
      if let refusal = handshake?.refusal() { throw refusal }
      if reply.library_error == AMQP_STATUS_TIMEOUT.rawValue {
        throw .timedOut(
          "the handshake with \(url.host):\(url.port), after \(options.connectTimeout)")
      }
      let why = String(cString: amqp_error_string2(reply.library_error))
      if let handshake { throw handshake.endedAfterwards(why) }
      throw .unreachable(
        host: url.host, port: url.port,
        why: "it is not an AMQP 0-9-1 broker (\(why))"
          + "; if it uses TLS, use amqps://")
    }
  }

  private static func refusal(_ code: Int, _ text: String, _ url: BrokerURL) -> BrokerError {
    switch code {
    case 403: .refusedLogin(user: url.user, host: url.host)
    case 530: .noVirtualHost(url.virtualHost)
    default: .refused(code: code, text: text)
    }
  }

  /// A new channel; also after the broker closed the last one.
  func openChannel() throws(ConnectionLost) {
    _ = amqp_channel_open(state, Self.channel)
    do {
      try checkReply("opening a channel")
    } catch let closed as ChannelClosed {
      throw ConnectionLost(reason: "opening a channel: \(closed.code) \(closed.text)")
    } catch let lost as ConnectionLost {
      throw lost
    } catch {
      throw ConnectionLost(reason: "opening a channel: \(error)")
    }
  }
}

extension AMQPArena {
  /// Announces what we support; without it the broker does not use these.
  fileprivate mutating func clientProperties(_ name: String) -> amqp_table_t {
    let known = table([
      "authentication_failure_close": .boolean(true), "basic.nack": .boolean(true),
      "connection.blocked": .boolean(true), "consumer_cancel_notify": .boolean(true),
      "publisher_confirms": .boolean(true),
    ])
    let properties = table([
      "connection_name": .string(String(name.prefix(200))), "product": .string("month-close"),
      "capabilities": .boolean(true),
    ])
    for index in 0..<Int(properties.num_entries)
    where String(properties.entries[index].key) == "capabilities" {
      properties.entries[index].value.kind = UInt8(AMQP_FIELD_KIND_TABLE.rawValue)
      properties.entries[index].value.value.table = known
    }
    return properties
  }
}

/// The system's own reason for a failure, with its number.
struct SystemError: Error, Equatable, CustomStringConvertible {
  var code: Int32

  init(_ code: Int32) { self.code = code }

  var description: String { "\(String(cString: strerror(code)).lowercased()) (errno \(code))" }

  /// Why a connection to that address cannot be made, tried anew; `nil` if it can, or if there was
  /// no answer in time. librabbitmq does not keep the system's error.
  static func ofConnecting(to host: String, port: Int, within limit: Duration) -> SystemError? {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, "\(port)", &hints, &found) == 0, let first = found else { return nil }
    defer { freeaddrinfo(found) }
    let address = first.pointee
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let socket = Glibc.socket(address.ai_family, kind, address.ai_protocol)
    guard socket >= 0 else { return SystemError(errno) }
    defer { close(socket) }
    if connect(socket, address.ai_addr, address.ai_addrlen) == 0 { return nil }
    guard errno == EINPROGRESS else { return SystemError(errno) }
    var watched = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
    let milliseconds = Int32(limit.components.seconds * 1000)
    guard poll(&watched, 1, max(milliseconds, 100)) == 1 else { return nil }
    var code: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    guard getsockopt(socket, SOL_SOCKET, SO_ERROR, &code, &size) == 0 else { return nil }
    return code == 0 ? nil : SystemError(code)
  }
}
