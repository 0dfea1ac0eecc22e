import NIOCore

/// One side of a relay in its channel's pipeline: hands over what comes, and knows which way it
/// goes.
final class RelayEnd: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let relay: Relay
  private let way: Way

  init(_ relay: Relay, _ way: Way) {
    self.relay = relay
    self.way = way
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    relay.arrived(unwrapInboundIn(data), way)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .inputClosed? = event as? ChannelEvent { relay.finished(way) }
  }

  /// What is written here came the other way: while it is not taken, no more of it is read.
  func channelWritabilityChanged(context: ChannelHandlerContext) {
    relay.becameWritable(context.channel.isWritable, way == .toServer ? .toClient : .toServer)
  }

  func channelInactive(context: ChannelHandlerContext) { relay.closed(way, reset: false) }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    relay.closed(way, reset: true)
  }
}
