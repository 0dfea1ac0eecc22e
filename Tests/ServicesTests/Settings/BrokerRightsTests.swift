import Billing
import Ledger
import Testing

@testable import Services

/// The rights of the broker's users, held to what the services do.
@Suite struct BrokerRightsTests {
  private func rights(_ name: String) throws -> BrokerRights {
    try #require(MonthClose.users.first { $0.user == "monthclose-\(name)" })
  }

  private func matches(_ pattern: String, _ text: String) throws -> Bool {
    if pattern.isEmpty { return false }  // as scripts/broker-users sets it: nothing
    return try text.firstMatch(of: Regex(pattern)) != nil
  }

  @Test func `Every event but an operator's command has one publishing service`() {
    var publishers: [String: [ServiceName]] = [:]
    for service in MonthClose.services {
      for key in MonthClose.published(by: service) { publishers[key, default: []].append(service) }
    }
    let events = EventType.allCases.filter { $0 != .closeRequested }.map(\.routingKey)
    #expect(publishers.keys.sorted() == events.sorted())
    #expect(publishers.allSatisfy { $0.value.count == 1 })
  }

  /// The ledger's table of senders and the broker's table of rights say the same. What operators
  /// commit is published by the holder as well, for a `closectl` that had no broker.
  @Test(arguments: EventType.allCases)
  func `An event is published by the service that commits it`(_ type: EventType) {
    let key = type.routingKey
    let publishers = ServiceName.allCases.filter { MonthClose.published(by: $0).contains(key) }
    switch type.sender {
    case nil: #expect(publishers == [.closectl])
    case .closectl: #expect(publishers == [.holder, .closectl])
    case let sender?: #expect(publishers == [sender])
    }
  }

  @Test(arguments: MonthClose.services)
  func `A service reads its own queue and configures nothing`(_ service: ServiceName) throws {
    let rights = try rights(service.rawValue)
    #expect(rights.configure == "")
    let topology = MonthClose.topology(retryDelays: [.seconds(1), .milliseconds(1500)])
    let readable = try topology.queues.map(\.name).filter { try matches(rights.read, $0) }
    #expect(readable == [service.rawValue])
    #expect(try topology.queues.allSatisfy { try !matches(rights.write, $0.name) })
    #expect(try !matches(rights.write, "amq.default") && matches(rights.write, "monthclose"))
  }

  @Test(arguments: MonthClose.services)
  func `A service publishes its own events and into its own delay queues only`(
    _ service: ServiceName
  ) throws {
    let keys = try #require(try rights(service.rawValue).publishes)
    let events = EventType.allCases.map(\.routingKey)
    let allowed = try events.filter { try matches(keys, $0) }
    #expect(allowed.sorted() == MonthClose.published(by: service).sorted())
    for other in MonthClose.services {
      let moves = [
        MonthClose.retryQueue(of: other, after: .seconds(1)), MonthClose.deadQueue(of: other),
        MonthClose.retryQueue(of: other, after: .milliseconds(1500)),
      ]
      for key in moves { #expect(try matches(keys, key) == (other == service), "\(key)") }
      #expect(try !matches(keys, MonthClose.replayKey(of: other)))
      #expect(try !matches(keys, other.rawValue))
    }
  }

  @Test func `Every delay queue and dead letter is reached by its name alone`() {
    let topology = MonthClose.topology(retryDelays: [.seconds(1), .seconds(60)])
    for queue in topology.queues where !MonthClose.services.map(\.rawValue).contains(queue.name) {
      let bound = topology.bindings.filter { $0.routingKey == queue.name }
      #expect(bound.map(\.queue) == [queue.name])
      #expect(topology.bindings.filter { $0.queue == queue.name }.count == 1)
    }
  }

  @Test func `Who replays reads dead letters and publishes replays only`() throws {
    let rights = try rights("replay")
    #expect(try matches(rights.read, "charger.dead") && !matches(rights.read, "charger"))
    let keys = try #require(rights.publishes)
    #expect(try matches(keys, "replay.charger") && matches(keys, MonthClose.rightsKey))
    #expect(try !EventType.allCases.contains { try matches(keys, $0.routingKey) })
  }

  @Test func `Who starts a close can do nothing else`() throws {
    let rights = try rights("trigger")
    let keys = try #require(rights.publishes)
    let allowed = try EventType.allCases.map(\.routingKey).filter { try matches(keys, $0) }
    #expect(allowed == ["close.requested"] && rights.read == "" && rights.configure == "")
  }

  @Test func `The operator alone configures`() throws {
    #expect(
      MonthClose.users.filter { !$0.configure.isEmpty }.map(\.user) == ["monthclose-operator"])
    let rights = try rights("operator")
    let topology = MonthClose.topology(retryDelays: [.seconds(1), .seconds(60)])
    for name in topology.queues.map(\.name) + topology.exchanges.map(\.name) {
      #expect(try matches(rights.configure, name) && matches(rights.write, name))
    }
    #expect(try !matches(rights.configure, "other") && !matches(rights.configure, "charger.x"))
  }
}
