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
