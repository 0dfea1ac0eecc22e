import Billing
import Endpoints
import Hummingbird

/// What a request brings along: whose connection it came on, and how to cut it.
struct SandboxContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  let isLoopback: Bool
  /// Closes the connection at once, in the middle of an answer if need be.
  let drop: @Sendable () -> Void
  /// Returns when the connection is closed, by whomever.
  let closed: @Sendable () async -> Void

  init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    let channel = source.channel
    let address = channel.remoteAddress?.ipAddress ?? ""
    isLoopback = Loopback.contains(address)
    drop = { channel.close(mode: .all, promise: nil) }
    closed = { try? await channel.closeFuture.get() }  // closed with an error is closed as well
  }
}
