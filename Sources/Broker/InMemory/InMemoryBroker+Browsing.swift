extension InMemoryBroker {
  /// As a consumer that takes all there is and loses its connection in the end.
  public func browse(
    _ queue: String, page: Int, _ visit: ([Delivery]) async throws -> Void
  ) async throws -> Int {
    let (deliveries, giveBack) = try takeAll(queue)
    defer { giveBack() }
    for start in stride(from: 0, to: deliveries.count, by: max(1, page)) {
      try await visit(Array(deliveries[start..<min(start + max(1, page), deliveries.count)]))
    }
    return deliveries.count
  }

  private func takeAll(_ queue: String) throws -> ([Delivery], giveBack: () -> Void) {
    let buffer = ConsumerBuffer(prefetch: .max)
    let id = try ask { node in node.attach(queue, prefetch: .max, buffer: buffer) }
    guard let id else { throw BrokerError.noQueue(queue) }
    return (buffer.stop(), { self.change { $0.detach(id) } })
  }
}
