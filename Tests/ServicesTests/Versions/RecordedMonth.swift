import Billing
import Broker
import Foundation
import Ledger
import Synchronization
import Testing

@testable import Services

/// A message as an earlier version published it, and what each service of that version made of it.
struct RecordedStep: Codable, Sendable {
  var id: String
  var body: String
  /// By service: `account rule finding -> ids of the events it events`, a line for each decision.
  var answers: [String: [String]]
}

/// A month with every kind of account, played by hand: declined cards for now and for good, a
/// payment between decline and mail, retries, graces, holds placed and lifted, credit, an account
/// nobody can invoice, an answer of the gateway nobody can trust.
struct RecordedMonth {
  static let accounts: [Account] = [
    .test("a-good"), .test("b-soft", card: Account.soft), .test("c-hard", card: Account.hard),
    .test("d-manual", card: nil), .test("e-credit"), .test("f-euro", currency: "EUR"),
    .test("g-odd"), .test("h-paid", card: Account.soft), .test("i-refused"),
  ]

  let world: World

  static func started() async throws -> RecordedMonth {
    let usage: [UsageRow] = [.test("a-good", "100"), .test("e-credit", "1")]
    let world = try await World(accounts: accounts, usage: usage)
    // As on a broker that services of version 0.1 have used: the reporter is sent every event.
    let bindings = MessageCatalogue.retiredBindings.flatMap { service, keys in
      keys.map {
        Topology.Binding(
          exchange: MonthClose.exchange, queue: service.rawValue, routingKey: $0)
      }
    }
    _ = try await world.broker.apply(Topology(exchanges: [], queues: [], bindings: bindings))
    return RecordedMonth(world: world)
  }

  func play() async throws {
    world.gateway.script("g-odd", .answer(.implausible("amount is 1, expected 1081")))
    _ = try await world.operations.grantCredit(
      account: "e-credit", amount: Money(5_000, .chf), reference: "welcome")
    try await world.trigger()
    try await world.run(without: [.mailer])
    try await pay("h-paid", reference: "bank-1")
    world.post.says {
      $0.to.hasPrefix("a-good@") && $0.subject.contains("invoice")
        ? .refused("550 to RCPT") : .accepted
    }
    try await world.run()
    for _ in 0..<10 {
      world.advance(days: 3)
      // What a parked charge made is published by the upkeep.
      for service in MonthClose.services { try await world.relay(service) }
      try await world.run()
    }
    try await pay("c-hard", reference: "bank-2")
    try await world.run()
  }

  private func pay(_ account: String, reference: String) async throws {
    let open = try #require(try await world.facts(account)?.invoice).openMinor
    _ = try await world.operations.recordPayment(
      account: account, amount: Money(open, .chf), reference: reference)
  }

  /// What a service has made of a message: its decisions by account, as the ledger keeps them.
  func answers(to id: String, by service: ServiceName) async throws -> [String] {
    var lines: [String] = []
    for account in Self.accounts {
      let story = try await world.store.story(of: account.id, period: nil)
      for step in story?.steps ?? []
      where step.service == service && (step.messageID == id || step.messageID.hasPrefix("\(id)#"))
      {
        let events = step.events.map(\.id).sorted().joined(separator: " ")
        lines.append(
          "\(account.id) \(step.decision.rule) \(step.decision.finding.rawValue) -> \(events)")
      }
    }
    return lines
  }
}

/// Notes which messages reached which service, in order, and may put other bodies in their place.
final class Deliveries: Sendable {
  struct Seen: Sendable {
    var order: [String] = []
    var bodies: [String: [UInt8]] = [:]
    var services: [String: Set<ServiceName>] = [:]
  }

  let seen = Mutex(Seen())
  private let replacement: @Sendable (_ id: String, _ body: [UInt8]) -> [UInt8]

  init(replacing replacement: @escaping @Sendable (String, [UInt8]) -> [UInt8] = { $1 }) {
    self.replacement = replacement
  }

  func note(_ delivery: Delivery) -> Delivery {
    var delivery = delivery
    let id = delivery.messageID ?? ""
    delivery.body = replacement(id, delivery.body)
    seen.withLock { [delivery] seen in
      if seen.bodies[id] == nil { seen.order.append(id) }
      seen.bodies[id] = delivery.body
      if let service = ServiceName(rawValue: delivery.queue) {
        seen.services[id, default: []].insert(service)
      }
    }
    return delivery
  }

  func watch(_ world: World) { world.delivered.withLock { $0 = note } }
}
