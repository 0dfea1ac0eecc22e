/// The caller's side of a consumer: talks to its connection's thread through the inbox and the
/// buffer.
final class RabbitMQConsumer: Consumer {
  let queue: String
  private let inbox: ThreadInbox<ConsumingCommand>
  private let buffer: ConsumerBuffer
  private let options: BrokerOptions
  let link: LinkState

  init(
    queue: String, inbox: ThreadInbox<ConsumingCommand>, buffer: ConsumerBuffer, link: LinkState,
    options: BrokerOptions
  ) {
    self.queue = queue
    self.inbox = inbox
    self.buffer = buffer
    self.link = link
    self.options = options
  }

  func next(limit: Int, linger: Duration) async -> [Delivery]? {
    await buffer.next(limit: limit, linger: linger)
  }

  /// Handed to the connection's thread, which writes it at once; AMQP has no answer to wait for.
  func settle(_ settlements: [Settlement]) async {
    let settled = buffer.settled(settlements)
    if !settled.isEmpty { inbox.post(.settle(settled)) }
  }

  func stop() async {
    await end { .stop($0) }
  }

  func close() async {
    await end { .close($0) }
  }

  /// Whether or not the thread answers in time, nothing more is handed out afterwards.
  private func end(_ command: (Reply<Void>) -> ConsumingCommand) async {
    let reply = Reply<Void>()
    guard inbox.post(command(reply)) else { return }
    do {
      try await reply.value(within: options.closeTimeout, "ending the consumer of \(queue)")
    } catch {
      buffer.stop()
    }
  }
}
