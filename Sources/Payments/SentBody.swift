import NIOCore

/// A request body that reports when the connection has taken all of it.
struct SentBody: AsyncSequence, Sendable {
  var bytes: [UInt8]
  var sent: @Sendable () -> Void

  struct AsyncIterator: AsyncIteratorProtocol {
    var bytes: [UInt8]?
    let sent: @Sendable () -> Void

    /// The client asks for more once it has written what it got.
    mutating func next() async -> ByteBuffer? {
      guard let whole = bytes else {
        sent()
        return nil
      }
      bytes = nil
      return ByteBuffer(bytes: whole)
    }
  }

  func makeAsyncIterator() -> AsyncIterator { AsyncIterator(bytes: bytes, sent: sent) }
}
