import Billing
import Broker
import Ledger
import Services

/// What the broker shows of one service: how many consumers it has, and how many messages are
/// waiting. Messages held by a process are not shown.
struct ServiceQueue: Encodable, Equatable {
  /// Messages that failed and are retried within this time.
  struct Delay: Encodable, Equatable {
    var within: String
    var messages: Int
  }

  var service: String
  /// Each process is one.
  var consumers: Int
  var messages: Int
  var delayed: [Delay] = []

  var isIdle: Bool { messages == 0 && delayed.isEmpty }

  /// `charger: no consumers, 208 messages waiting; 12 failed and are retried within 1 h`
  var sentence: String {
    let takers =
      switch consumers {
      case 0: "no consumers"
      case 1: "1 consumer"
      default: "\(grouped(consumers)) consumers"
      }
    let waiting =
      switch messages {
      case 0: "no messages waiting"
      case 1: "1 message waiting"
      default: "\(grouped(messages)) messages waiting"
      }
    let retries = delayed.map { delay in
      let failed =
        delay.messages == 1 ? "1 failed and is" : "\(grouped(delay.messages)) failed and are"
      return "; \(failed) retried within \(delay.within)"
    }
    return "\(service): \(takers), \(waiting)" + retries.joined()
  }
}

/// Asks the broker for the services' queues, for commands that can do without a broker.
struct QueueReader {
  static let consequence = "messages waiting in the queues are not shown"

  let session: Session

  /// `nil` if the broker cannot be reached. `withDelays`: includes the retry queues.
  func read(
    _ services: [ServiceName] = MonthClose.services, withDelays: Bool
  ) async -> [ServiceQueue]? {
    guard let broker = await session.brokerIfReachable(otherwise: Self.consequence) else {
      return nil
    }
    do {
      var queues: [ServiceQueue] = []
      for service in services {
        guard let depth = try await broker.depth(of: service.rawValue) else { continue }
        var queue = ServiceQueue(
          service: service.rawValue, consumers: depth.consumers, messages: depth.messages)
        if withDelays { queue.delayed = try await delayed(service, broker) }
        queues.append(queue)
      }
      return queues
    } catch {
      await session.noteOnce("\(error); \(Self.consequence)")
      return nil
    }
  }

  private func delayed(
    _ service: ServiceName, _ broker: any Broker
  ) async throws -> [ServiceQueue.Delay] {
    var found: [ServiceQueue.Delay] = []
    for delay in session.settings.retryDelays {
      let queue = MonthClose.retryQueue(of: service, after: delay)
      if let depth = try await broker.depth(of: queue), depth.messages > 0 {
        found.append(.init(within: delay.inWords, messages: depth.messages))
      }
    }
    return found
  }
}

extension Duration {
  /// `10 s`, `1 min`, `1 h`
  var inWords: String {
    let seconds = components.seconds
    if seconds >= 3600, seconds % 3600 == 0 { return "\(seconds / 3600) h" }
    if seconds >= 60, seconds % 60 == 0 { return "\(seconds / 60) min" }
    return seconds == 0 ? "1 s" : "\(seconds) s"
  }
}
