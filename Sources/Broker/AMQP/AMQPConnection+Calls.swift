import CRabbitMQ

/// Calls that wait for the broker's answer, bounded by the call timeout.
extension AMQPConnection {
  /// Checks the outcome of the last call. A closed channel is thrown as `ChannelClosed`, and is
  /// open again only after `openChannel()`; anything else is the end of the connection.
  func checkReply(_ doing: String) throws {
    let reply = amqp_get_rpc_reply(state)
    defer { amqp_maybe_release_buffers(state) }
    switch reply.reply_type {
    case AMQP_RESPONSE_NORMAL: return
    case AMQP_RESPONSE_SERVER_EXCEPTION:
      guard reply.reply.id == AMQPMethod.channelClose else {
        let close = reply.reply.decoded.assumingMemoryBound(to: amqp_connection_close_t.self)
        throw ConnectionLost(
          reason: "\(doing): \(close.pointee.reply_code) \(String(close.pointee.reply_text))")
      }
      let close = reply.reply.decoded.assumingMemoryBound(to: amqp_channel_close_t.self).pointee
      let closed = ChannelClosed(code: Int(close.reply_code), text: String(close.reply_text))
      try acknowledgeChannelClose()
      throw closed
    default: throw ConnectionLost(reply.library_error, doing)
    }
  }

  /// A clean close; `openChannel()` opens the next one.
  func closeChannel() throws(ConnectionLost) {
    let reply = amqp_channel_close(state, Self.channel, 200)
    guard reply.reply_type == AMQP_RESPONSE_NORMAL else {
      throw ConnectionLost(reply.library_error, "closing a channel")
    }
    amqp_maybe_release_buffers(state)
  }

  func acknowledgeChannelClose() throws(ConnectionLost) {
    var done = amqp_channel_close_ok_t()
    let status = amqp_send_method(state, Self.channel, AMQPMethod.channelCloseOK, &done)
    guard status == 0 else { throw ConnectionLost(status, "closing a channel") }
  }

  func selectConfirms() throws {
    _ = amqp_confirm_select(state, Self.channel)
    try checkReply("asking for confirms")
  }

  /// Deliveries may follow at once.
  func consume(_ queue: String, prefetch: Int, tag: String) throws {
    _ = amqp_basic_qos(state, Self.channel, 0, UInt16(clamping: max(1, prefetch)), 0)
    try checkReply("setting the prefetch")
    lend { arena in
      _ = amqp_basic_consume(
        state, Self.channel, arena.bytes(queue), arena.bytes(tag), 0, 0, 0, amqp_table_t())
    }
    try checkReply("consuming \(queue)")
  }

  /// Asks for no more; deliveries may come until `.cancelDone`.
  func cancel(tag: String) throws(ConnectionLost) {
    var status: Int32 = 0
    lend { arena in
      var cancel = amqp_basic_cancel_t(consumer_tag: arena.bytes(tag), nowait: 0)
      status = amqp_send_method(state, Self.channel, AMQPMethod.basicCancel, &cancel)
    }
    guard status == 0 else { throw ConnectionLost(status, "cancelling a consumer") }
  }

  func settle(_ frame: SettleFrame) throws(ConnectionLost) {
    let multiple: amqp_boolean_t = frame.multiple ? 1 : 0
    let status =
      switch frame.outcome {
      case .acknowledge: amqp_basic_ack(state, Self.channel, frame.number, multiple)
      case .requeue: amqp_basic_nack(state, Self.channel, frame.number, multiple, 1)
      }
    guard status == 0 else { throw ConnectionLost(status, "settling") }
  }

  /// Sends it to the queue's dead letters instead of back into the queue.
  func reject(_ number: UInt64) throws(ConnectionLost) {
    let status = amqp_basic_reject(state, Self.channel, number, 0)
    guard status == 0 else { throw ConnectionLost(status, "rejecting") }
  }
}
