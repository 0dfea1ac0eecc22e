/// A consumer of the in-memory broker; all it does happens in the broker's state.
final class InMemoryConsumer: Consumer {
  typealias Change = @Sendable ((inout InMemoryNode, Int) -> Void) -> Void
  private let buffer: ConsumerBuffer
  private let change: Change

  init(_ buffer: ConsumerBuffer, change: @escaping Change) {
    self.buffer = buffer
    self.change = change
  }

  /// Takes what is there; never waits for more, so that no test depends on the clock on the wall.
  func next(limit: Int, linger: Duration) async -> [Delivery]? {
    await buffer.next(limit: limit, linger: .zero)
  }

  func settle(_ settlements: [Settlement]) async {
    change { node, id in node.settle(id, settlements) }
  }

  func stop() async {
    change { node, id in node.stop(id) }
  }
}
