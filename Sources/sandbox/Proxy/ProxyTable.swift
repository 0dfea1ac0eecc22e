import NIOCore
import NIOPosix

/// All connections of the proxy, its mode and its counts. Confined to one event loop.
final class ProxyTable {
  private let target: ServeAddress
  private let loop: any EventLoop
  private var mode = ProxyMode.pass
  private var relays: [ObjectIdentifier: Relay] = [:]
  private var counts: [ProxyMode.Kind: ProxyCount] = [:]
  private var unreachable = 0

  init(target: ServeAddress, loop: any EventLoop) {
    self.target = target
    self.loop = loop
  }

  var report: ProxyReport {
    ProxyReport(
      mode: mode.kind.rawValue, open: relays.count, unreachable: unreachable,
      counts: Dictionary(
        uniqueKeysWithValues: ProxyMode.Kind.allCases.map {
          ($0.rawValue, counts[$0] ?? ProxyCount())
        }))
  }

  func change(to mode: ProxyMode) -> ProxyReport {
    self.mode = mode
    for relay in Array(relays.values) { relay.change(to: mode) }
    return report
  }

  /// A client came.
  func accept(_ client: any Channel) throws {
    counts[mode.kind, default: ProxyCount()].connections += 1
    let relay = Relay(
      client: client, mode: mode,
      count: { [self] mode, change in change(&counts[mode.kind, default: ProxyCount()]) },
      gone: { [self] relay in relays[ObjectIdentifier(relay)] = nil })
    relays[ObjectIdentifier(relay)] = relay
    try client.pipeline.syncOperations.addHandler(RelayEnd(relay, .toServer))
    // Afterwards: the channel is not ready while it is being set up.
    loop.assumeIsolated().execute { [self] in
      switch mode {
      case .cut: relay.refuse()
      case .silence(nil): relay.listenAlone()
      default: connect(relay)
      }
    }
  }

  private func connect(_ relay: Relay) {
    ClientBootstrap(group: loop)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .channelOption(.autoRead, value: false)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .connect(host: target.host, port: target.port)
      .assumeIsolated()
      .whenComplete { [self] result in
        do {
          let server = try result.get()
          try server.pipeline.syncOperations.addHandler(RelayEnd(relay, .toClient))
          relay.connected(server)
        } catch {
          unreachable += 1
          relay.unreachable()
        }
      }
  }
}
