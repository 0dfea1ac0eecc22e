extension InMemoryBroker {
  public func browse(
    _ queue: String, page: Int, _ visit: ([Delivery]) async throws -> Void
  ) async throws -> Int {
    try await sift(queue, page: page) { deliveries in
      try await visit(deliveries)
      return []
    }
  }

  /// As a consumer that takes all there is and loses its connection in the end.
  public func sift(
    _ queue: String, page: Int, _ visit: ([Delivery]) async throws -> [Delivery.Tag]
  ) async throws -> Int {
    let (id, deliveries) = try takeAll(queue)
    defer { change { $0.detach(id) } }
    for start in stride(from: 0, to: deliveries.count, by: max(1, page)) {
      let part = Array(deliveries[start..<min(start + max(1, page), deliveries.count)])
      let taken = try await visit(part)
      change { $0.takeOff(taken.map(\.number), from: id) }
    }
    return deliveries.count
  }

  private func takeAll(_ queue: String) throws -> (id: Int, [Delivery]) {
    let buffer = ConsumerBuffer(prefetch: .max)
    let id = try ask { node in node.attach(queue, prefetch: .max, buffer: buffer) }
    guard let id else { throw BrokerError.noQueue(queue) }
    return (id, buffer.stop())
  }
}
