import Glibc
import NIOCore

/// One connection through the proxy: the client's channel, and the server's once it is there.
///
/// Confined to the event loop of both channels; whatever is called here is called on it.
final class Relay {
  private struct Piece {
    /// `nil`: the end of this way.
    var buffer: ByteBuffer?
    var due: NIODeadline
  }

  private let client: any Channel
  private var server: (any Channel)?
  private var rules: RelayRules
  private let count: (ProxyMode, (inout ProxyCount) -> Void) -> Void
  private let gone: (Relay) -> Void
  private var pieces: [Way: CircularBuffer<Piece>] = [:]
  private var ended: Set<Way> = []
  private var wasMet = false
  private var isOver = false

  init(
    client: any Channel, mode: ProxyMode,
    count: @escaping (ProxyMode, (inout ProxyCount) -> Void) -> Void,
    gone: @escaping (Relay) -> Void
  ) {
    self.client = client
    self.count = count
    self.gone = gone
    rules = RelayRules(mode)
  }

  /// The connection to the server is open. Nothing is read before that.
  func connected(_ server: any Channel) {
    guard !isOver else { return server.close(promise: nil) }
    self.server = server
    setReading(client, true)
    setReading(server, true)
  }

  /// Reads without a server behind it: everything is swallowed.
  func listenAlone() { setReading(client, true) }

  /// Reset as soon as it is accepted.
  func refuse() { perform(.cut) }

  /// The server cannot be reached: the client is refused, as it would be there.
  func unreachable() { over(reset: true) }

  func change(to mode: ProxyMode) {
    wasMet = false
    let isAlone = server == nil && rules.mode.swallows(.toServer) && rules.mode != mode
    if let ending = rules.change(to: mode) {
      perform(ending)
    } else if isAlone {
      over(reset: true)  // there is no way back to a server it never had
    }
  }

  // MARK: What the ends of the connection tell

  func arrived(_ buffer: ByteBuffer, _ way: Way) {
    guard !isOver else { return }
    let passage = rules.arrived(buffer.readableBytes, way)
    note(passage, way)
    if passage.forward > 0 {
      let part = buffer.getSlice(at: buffer.readerIndex, length: passage.forward)
      send(part, way, .milliseconds(Int64(passage.delayMilliseconds)))
    }
    if let ending = passage.then { perform(ending) }
  }

  /// A FIN arrived. In a silence it is lost like any byte.
  func finished(_ way: Way) {
    guard !isOver else { return }
    if rules.mode.swallows(way) { return rules.loseEnd() }
    var delay = TimeAmount.zero
    if case .delay(let milliseconds) = rules.mode { delay = .milliseconds(Int64(milliseconds)) }
    send(nil, way, delay)
  }

  /// The sender of this direction is gone. In a silence, the other side does not learn of it.
  func closed(_ way: Way, reset: Bool) {
    let other = way == .toServer ? server : client
    if rules.mode.swallows(way), other?.isActive == true { return rules.loseEnd() }
    over(reset: reset)
  }

  func becameWritable(_ isWritable: Bool, _ way: Way) {
    guard !isOver, let source = way == .toServer ? client : server else { return }
    setReading(source, isWritable)
  }

  // MARK: Carrying it out

  private func note(_ passage: RelayRules.Passage, _ way: Way) {
    let isDelayed = passage.delayMilliseconds > 0 && passage.forward > 0
    let isFirstSwallow = passage.swallowed > 0 && rules.mode.swallows(way) && !wasMet
    if isFirstSwallow { wasMet = true }
    count(rules.mode) { count in
      if way == .toServer { count.toServer += passage.forward }
      if way == .toClient { count.toClient += passage.forward }
      count.swallowed += passage.swallowed
      if isDelayed || isFirstSwallow { count.hits += 1 }
    }
  }

  /// In order: a piece without delay waits for the delayed ones before it.
  private func send(_ buffer: ByteBuffer?, _ way: Way, _ delay: TimeAmount) {
    let before = pieces[way]?.last?.due ?? .now()
    pieces[way, default: []].append(Piece(buffer: buffer, due: max(before, .now() + delay)))
    if pieces[way]?.count == 1 { flush(way) }
  }

  private func flush(_ way: Way) {
    while !isOver, let first = pieces[way]?.first {
      guard first.due <= .now() else {
        client.eventLoop.assumeIsolated().scheduleTask(deadline: first.due) { self.flush(way) }
        return
      }
      pieces[way]?.removeFirst()
      let target = way == .toServer ? server : client
      if let buffer = first.buffer {
        target?.writeAndFlush(buffer, promise: nil)
      } else {
        end(way)
      }
    }
  }

  private func perform(_ ending: RelayRules.Ending) {
    count(rules.mode) { $0.hits += 1 }
    switch ending {
    case .cut: over(reset: true)
    case .halfClose(let way): send(nil, way, .zero)
    }
  }

  private func end(_ way: Way) {
    guard ended.insert(way).inserted else { return }
    if ended.count == Way.allCases.count { return over(reset: false) }
    (way == .toServer ? server : client)?.close(mode: .output, promise: nil)
  }

  private func setReading(_ channel: any Channel, _ reads: Bool) {
    do {
      try channel.syncOptions?.setOption(.autoRead, value: reads)
    } catch {
      over(reset: true)  // only a channel that is closed refuses
    }
  }

  private func over(reset: Bool) {
    guard !isOver else { return }
    isOver = true
    pieces = [:]
    for channel in [client, server].compactMap({ $0 }) {
      if reset, let options = channel as? any SocketOptionProvider {
        // A close without lingering is a reset.
        _ = options.setSoLinger(linger(l_onoff: 1, l_linger: 0))
      }
      channel.close(promise: nil)
    }
    gone(self)
  }
}

/// One side of a relay in its channel's pipeline: hands over what arrives, with its direction.
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

  /// Bytes written here come from the other side: while they are not taken, no more are read there.
  func channelWritabilityChanged(context: ChannelHandlerContext) {
    relay.becameWritable(context.channel.isWritable, way == .toServer ? .toClient : .toServer)
  }

  func channelInactive(context: ChannelHandlerContext) { relay.closed(way, reset: false) }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    relay.closed(way, reset: true)
  }
}
