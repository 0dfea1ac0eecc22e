import Logging

enum ControlCommand: Sendable {
  case depth(String, Reply<QueueDepth?>)
  case apply(Topology, Reply<[TopologyDifference]>)
  case differences(Topology, TopologyInspection, Reply<[TopologyDifference]>)
  case delete(queues: [String], exchanges: [String], Reply<Void>)
  case close(Reply<Void>)
}

/// A third connection, for queries and declarations: opened on demand and closed after some idle
/// time. Not the publishing one, which a blocked broker does not read.
final class ControlLoop {
  private static let idleTime: Duration = .seconds(60)
  private let nodes: BrokerNodes
  private let name: String
  private let options: BrokerOptions
  private let inbox: ThreadInbox<ControlCommand>
  private let logger: Logger
  private var connection: AMQPConnection?
  private var lastUse = ContinuousClock.now
  private var closing: Reply<Void>?

  init(
    _ nodes: BrokerNodes, name: String, options: BrokerOptions,
    inbox: ThreadInbox<ControlCommand>,
    logger: Logger
  ) {
    self.nodes = nodes
    self.name = name
    self.options = options
    self.inbox = inbox
    self.logger = logger
  }

  func run() {
    while closing == nil {
      for command in inbox.take() {
        keepAlive()
        answer(command)
        lastUse = .now
      }
      keepAlive()
      if connection != nil, lastUse + Self.idleTime < .now { disconnect() }
      if closing != nil { break }
      let wakeUp = connection.map { ContinuousClock.now + $0.turnInterval } ?? .now + .seconds(60)
      inbox.sleep(until: wakeUp, descriptor: connection?.fileDescriptor)
    }
    for command in inbox.close() { refuse(command) }
    disconnect()
    closing?.resolve(.success(()))
  }

  /// Serves heartbeats; a connection that ended while idle is dropped silently.
  private func keepAlive() {
    do {
      while try connection?.nextEvent() != nil {}
    } catch {
      if let connection { nodes.leave(connection.node) }
      connection = nil
    }
  }

  private func disconnect() {
    connection?.close()
    connection = nil
  }

  private func answer(_ command: ControlCommand) {
    switch command {
    case .depth(let queue, let reply):
      reply.resolve(ask { try $0.depth(of: queue) })
    case .apply(let topology, let reply):
      reply.resolve(ask { try $0.apply(topology) })
    case .differences(let topology, let inspection, let reply):
      reply.resolve(
        ask { connection in
          try connection.differences(from: topology, inspection) { refused in
            logger.info(
              "queue arguments are not compared, because the user may not declare",
              metadata: ["broker": "\(refused.text)"])
          }
        })
    case .delete(let queues, let exchanges, let reply):
      reply.resolve(
        ask { connection in
          for queue in queues { try connection.delete(queue: queue) }
          for exchange in exchanges { try connection.delete(exchange: exchange) }
        })
    case .close(let reply): closing = reply
    }
  }

  private func refuse(_ command: ControlCommand) {
    let node = nodes.current
    let closed = BrokerError.unreachable(host: node.host, port: node.port, why: "it was closed")
    switch command {
    case .depth(_, let reply): reply.resolve(.failure(closed))
    case .apply(_, let reply), .differences(_, _, let reply): reply.resolve(.failure(closed))
    case .delete(_, _, let reply), .close(let reply): reply.resolve(.failure(closed))
    }
  }

  private func ask<Value>(
    _ question: (AMQPConnection) throws -> Value
  ) -> Result<Value, BrokerError> {
    do {
      let open = try connection ?? nodes.open(name: "\(name) control", options: options)
      connection = open
      return .success(try question(open))
    } catch let refused as BrokerError {
      return .failure(refused)
    } catch let closed as ChannelClosed {
      return .failure(.refused(code: closed.code, text: closed.text))
    } catch {
      let node = connection?.node ?? nodes.current
      nodes.leave(node)
      connection = nil
      let why = (error as? ConnectionLost)?.reason ?? "\(error)"
      return .failure(.unreachable(host: node.host, port: node.port, why: why))
    }
  }
}
