extension RabbitMQBroker {
  public func browse(
    _ queue: String, page: Int, _ visit: ([Delivery]) async throws -> Void
  ) async throws -> Int {
    try await sift(queue, page: page) { deliveries in
      try await visit(deliveries)
      return []
    }
  }

  public func sift(
    _ queue: String, page: Int, _ visit: ([Delivery]) async throws -> [Delivery.Tag]
  ) async throws -> Int {
    let mailbox = ThreadInbox<BrowsingCommand>()
    let browsing = loop(queue, page, mailbox)
    DedicatedThread.start { browsing().run() }
    do {
      let seen = try await pages(queue, mailbox, visit)
      await end(mailbox)
      return seen
    } catch {
      await end(mailbox)
      throw error
    }
  }

  private func pages(
    _ queue: String, _ mailbox: ThreadInbox<BrowsingCommand>,
    _ visit: ([Delivery]) async throws -> [Delivery.Tag]
  ) async throws -> Int {
    var seen = 0
    while true {
      let reply = Reply<[Delivery]>()
      mailbox.post(.next(reply))
      let deliveries = try await reply.value(
        within: openingTime + options.callTimeout, "browsing \(queue)")
      if deliveries.isEmpty { return seen }
      seen += deliveries.count
      let taken = try await visit(deliveries)
      if taken.isEmpty { continue }
      let done = Reply<Void>()
      mailbox.post(.takeOff(taken.map(\.number), done))
      try await done.value(within: options.callTimeout, "acknowledging in \(queue)")
    }
  }

  /// Closing the connection returns everything; the broker also does so on its own when the socket
  /// closes.
  private func end(_ mailbox: ThreadInbox<BrowsingCommand>) async {
    let reply = Reply<Void>()
    guard mailbox.post(.close(reply)) else { return }
    // In time or not: the thread closes its socket.
    _ = try? await reply.value(within: options.closeTimeout * 2, "closing")
  }

  private func loop(
    _ queue: String, _ page: Int, _ mailbox: ThreadInbox<BrowsingCommand>
  ) -> @Sendable () -> BrowsingLoop {
    { [nodes, name, options] in
      BrowsingLoop(
        nodes, name: name, queue: queue, page: page, options: options, mailbox: mailbox)
    }
  }
}
