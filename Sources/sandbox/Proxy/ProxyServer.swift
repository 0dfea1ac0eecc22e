import NIOCore
import NIOPosix

/// Listens, and hands each connection to the table. Everything happens on one thread.
struct ProxyServer: Sendable {
  let port: Int
  private let group: MultiThreadedEventLoopGroup
  private let loop: any EventLoop
  private let listening: any Channel
  private let table: NIOLoopBound<ProxyTable>

  /// Throws when the address cannot be bound.
  static func start(listen: ServeAddress, to target: ServeAddress) async throws -> ProxyServer {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let loop = group.next()
    let table = try await loop.submit {
      NIOLoopBound(ProxyTable(target: target, loop: loop), eventLoop: loop)
    }.get()
    let listening = try await ServerBootstrap(group: loop)
      .serverChannelOption(.backlog, value: 1_024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelOption(.autoRead, value: false)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { client in
        client.eventLoop.makeCompletedFuture { try table.value.accept(client) }
      }
      .bind(host: listen.host, port: listen.port).get()
    return ProxyServer(
      port: listening.localAddress?.port ?? listen.port, group: group, loop: loop,
      listening: listening, table: table)
  }

  func report() async throws -> ProxyReport {
    try await loop.submit { table.value.report }.get()
  }

  func change(to mode: ProxyMode) async throws -> ProxyReport {
    try await loop.submit { table.value.change(to: mode) }.get()
  }

  /// Takes no more connections and resets those that are open.
  func stop() async throws {
    try await listening.close()
    _ = try await change(to: .cut)
    try await group.shutdownGracefully()
  }
}

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

  /// A client has connected.
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
